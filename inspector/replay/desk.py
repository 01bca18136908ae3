"""Answers the questions about streams that the fold process is asked, each in a bounded object. Knows a reader, no pipe.

Read `process` for the protocol, `looking` for states, and the modules named as the questions for the rest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import find_stream
from inspector.errors import UsageError
from inspector.replay import Progress, Replay, choices, fields, preview, said
from inspector.replay.changes import changes
from inspector.replay.fields import Request
from inspector.replay.levels import view
from inspector.replay.looking import Looked, Looker, placed
from inspector.replay.pausing import PausedError, part
from inspector.replay.preview import Kept, nobody
from inspector.replay.questions import field_page, honest, lines, type_names, whole
from inspector.replay.snapshots import compared
from inspector.replay.story import Story
from inspector.replay.strip import strip
from inspector.replay.suggesting import suggest
from inspector.user_code import is_code
from inspector.user_code.codes import Codes
from inspector.user_code.consent import consent_of, remember

_KEPT_STATES = 4
_LEAST_KEPT = 2
_KEPT_BYTES = 12 * 1024 * 1024
"""Fewer are kept, though two, where they are more JSON than that: as objects they take ten times as much."""
_COPIED_CHARACTERS = 16 * 1024 * 1024

Doing = Callable[[CaptureReader, Request, Progress], object]
Recalling = Callable[[Request, Progress], object]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A state that can be looked into, by `side`; `looked` where a look found it."""

    sides: dict[str, Kept]
    looked: Looked | None = None
    size: int = 0
    """About how many bytes of JSON they are."""


class Desk:
    """Holds what was found lately. `does` is what can be asked, each with the reader and a `progress` that may raise."""

    def __init__(self, codes: Codes | None = None) -> None:
        self._codes = codes or Codes()
        self._looker = Looker(self._codes)
        self._shown: OrderedDict[object, _Shown] = OrderedDict()
        self.does: dict[str, Doing] = {
            "replay": self._replay,
            "steps": self._steps,
            "look": self._look,
            "diff": self._diff,
            "field": self._field,
            "series": self._series,
            "strip": self._strip,
            "snapshots": self._snapshots,
            "sure": self._sure,
            "suggest": self._suggest,
            "choose": self._choose,
            "allow": self._allow,
            "extent": lambda reader, request, _progress: self._looker.extent(self._story(reader, request)),
        }
        self.recalls: dict[str, Recalling] = {
            "blame": self._blame,
            "children": self._children,
            "copy": self._copy,
        }
        """What needs no capture, since it is of a state found before."""

    def forget_stories(self) -> None:
        """The capture was written anew: nothing kept of its streams is true any more."""
        self._looker.forget()

    def forget_states(self) -> None:
        """Another capture: no state found before can be looked into."""
        self._shown.clear()

    # ---- states

    def _story(self, reader: CaptureReader, request: Request) -> Story:
        stream = request.get("stream_id")
        text = stream if isinstance(stream, int) else fields.text(request, "stream")
        source, reducer = fields.maybe_text(request, "source"), fields.maybe_text(request, "reducer")
        return self._looker.story(reader, text, source, reducer, fields.terms(request), with_aborted=request.get("aborted") is True)

    def _keep(self, request: Request, shown: _Shown) -> None:
        self._shown[request.get("id")] = shown
        while len(self._shown) > _KEPT_STATES or (
            len(self._shown) > _LEAST_KEPT and sum(one.size for one in self._shown.values()) > _KEPT_BYTES
        ):
            self._shown.popitem(last=False)

    def _recalled(self, request: Request) -> _Shown:
        shown = self._shown.get(request.get("of"))
        if shown is None:
            raise UsageError("that state is no longer kept: replay again")
        return shown

    def _side(self, request: Request) -> Kept:
        sides = self._recalled(request).sides
        return sides.get(str(request.get("side") or ""), sides[""])

    def _replay(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        answer = Replay(reader, fields.question(request), progress, codes=self._codes).answer()
        blame = answer.blame or {}
        kept = Kept(answer.folded.state, lambda path, _is_inside: blame.get(path), answer.log_labels)
        printed = preview.bounded(answer)
        self._keep(request, _Shown({"": kept}, size=int(str(printed["state_bytes"]))))
        return printed

    def _steps(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        replay = Replay(reader, fields.question(request), progress, codes=self._codes)
        first, limit = fields.count(request, "first", 0), fields.count(request, "limit", 100)
        return {
            "steps": [
                {**said(step.event, replay.log_labels), "changes": preview.changed(step.changes), "change_count": len(step.changes)}
                for step in islice(replay.steps(), first, first + limit)
            ]
        }

    # ---- which reducer

    def _suggest(self, reader: CaptureReader, request: Request, _progress: Progress) -> object:
        chosen = None
        if (category := fields.maybe_text(request, "category")) is not None:
            return {"suggestions": [found.told() for found in suggest(reader, category)], "chosen": None}
        stream = find_stream(reader, fields.text(request, "stream"), fields.maybe_text(request, "source"))
        if (choice := choices.chosen(stream.source, stream.category)) is not None:
            chosen = {"reducer": choice.reducer, "python_path": choice.python_path}
        return {"suggestions": [found.told() for found in suggest(reader, stream)], "chosen": chosen}

    def _choose(self, reader: CaptureReader, request: Request, _progress: Progress) -> object:
        stream = find_stream(reader, fields.text(request, "stream"), fields.maybe_text(request, "source"))
        reducer, terms = fields.text(request, "reducer"), fields.terms(request)
        if is_code(reducer):
            self._codes.read(reducer, terms)
        choices.choose(stream.source, stream.category, choices.Choice(reducer, terms.python_path))
        self._looker.forget()
        return {"category": stream.category, "source": stream.source}

    def _allow(self, _reader: CaptureReader, request: Request, _progress: Progress) -> object:
        sources = self._codes.read(fields.text(request, "reducer"), fields.terms(request))
        remember(consent_of(sources))
        return {"path": str(sources.path), "digest": sources.digest}

    # ---- one state

    def _look(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        story, paths, limit = self._story(reader, request), fields.paths(request), fields.count(request, "limit", 200)
        without, quick = fields.without(request), request.get("quick") is True
        looked = self._looker.look(story, fields.moment(request), paths, limit, progress, without=without, quick=quick)
        sides = {"": looked.kept} if looked.happened is None else {"": looked.kept, "happened": looked.happened}
        self._keep(request, _Shown(sides, looked, (looked.found.stand.size or 0) * len(sides)))
        return looked.printed

    def _blame(self, request: Request, progress: Progress) -> object:
        looked = self._recalled(request).looked
        if looked is None:
            raise UsageError("who set what is told of a look only")
        applied = 0

        def told(place: int) -> None:
            nonlocal applied
            applied = place
            progress(place)

        try:
            found = self._looker.blame(looked, fields.paths(request), fields.count(request, "limit", 200), part(told))
        except PausedError:
            return {"done": False, "applied": applied}
        return {"done": True, "applied": looked.found.stand.place, "set_by": found}

    def _sure(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        return self._looker.sure(self._story(reader, request), fields.moment(request), progress, without=fields.without(request))

    def _children(self, request: Request, _progress: Progress) -> object:
        path, offset = str(request.get("path") or ""), fields.count(request, "offset", 0)
        return self._side(request).children(path, offset, fields.count(request, "limit", 200))

    def _copy(self, request: Request, _progress: Progress) -> object:
        return {"text": self._side(request).whole(str(request.get("path") or ""), _COPIED_CHARACTERS)}

    # ---- two moments

    def _diff(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        story, without = self._story(reader, request), fields.without(request)
        paths, limit, offset = fields.paths(request), fields.count(request, "limit", 200), fields.count(request, "offset", 0)
        left_out = story.left_out(without)
        moments = [fields.moment(fields.inner(request, name)) for name in ("a", "b")]
        before, after = (story.find(moment, progress, without=left_out, quick=True) for moment in moments)
        found = changes(before.stand.state, after.stand.state)
        kept = Kept(after.stand.state, nobody, story.replay.log_labels, found)
        sides = {"": kept, "a": Kept(before.stand.state, nobody, story.replay.log_labels)}
        self._keep(request, _Shown(sides, size=sum(found.stand.size or 0 for found in (before, after))))
        return {
            "from": {**placed(story, before), "honest": honest(story, before)},
            "to": {**placed(story, after), "honest": honest(story, after)},
            "changes": preview.changed(found[offset:]),
            "count": len(found),
            **view(kept, found, paths, limit),
        }

    # ---- a field, lines, the strip, snapshots

    def _field(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        story = self._story(reader, request)
        before = fields.count(request, "before_place", 0) or None
        path, limit = str(request.get("path") or ""), fields.count(request, "limit", 100)
        moment, without = fields.moment(request), fields.without(request)
        page = field_page(story, moment, path, limit, before, progress, without=without, kept=preview.preview, in_parts=True)
        entries = [{**said(one.event, story.replay.log_labels), **one.to_dict()} for one in page.changes]
        progressed = {"done": page.is_done, "applied": page.looked, "total": page.total}
        return {"path": path, "entries": entries, "next": page.following, **progressed, "honest": page.honest}

    def _series(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        story, moment, without = self._story(reader, request), fields.moment(request), fields.without(request)
        run, told = lines(story, moment, fields.paths(request, "paths"), without=without)
        with suppress(PausedError):
            run.go_on(part(progress))
        series = [{"path": line.path, "points": line.points, "changes": line.changes} for line in run.lines]
        return {"series": series, "done": run.is_done, "applied": run.applied, "honest": told}

    def _strip(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        story = self._story(reader, request)
        first, last = fields.count(request, "first", 0), fields.count(request, "last", len(story.order.columns.seqs))
        without, failure = story.left_out(fields.without(request)), story.walk().failure
        failed = failure.event.seq if failure is not None else None
        found = strip(story.order, first=first, last=last, failed=failed, without=without)
        progress(0)
        columns = {name: getattr(found, name) for name in ("index", "count", "place", "seq", "type", "time", "until")}
        flags = {name: getattr(found, name) for name in ("aborted", "late", "failed", "left_out")}
        shape = {"events": found.events, "first": found.first, "last": found.last, "is_bucketed": found.is_bucketed}
        return {**shape, "types": type_names(reader, found.type_numbers), **columns, **flags, "honest": whole(story)}

    def _snapshots(self, reader: CaptureReader, request: Request, progress: Progress) -> object:
        story = self._story(reader, request)
        limit, after = fields.count(request, "limit", 100), fields.count(request, "after", 0)
        found = list(islice(compared(story, after=after, progress=progress), limit + 1))
        following = found[limit - 1].seq if len(found) > limit > 0 else None
        return {"snapshots": [one.told(preview.preview) for one in found[:limit]], "next": following, "honest": whole(story)}
