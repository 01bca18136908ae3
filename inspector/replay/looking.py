"""What a window asks while somebody moves along a stream: the state at a place with what changed, and how sure it is.

Keeps the stories of a few streams, so that each move costs a few events. Read `story` for them, `process` for who asks,
`preview` for how answers are cut.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamInfo, find_stream
from inspector.errors import UsageError
from inspector.event import format_time
from inspector.reducers import FoldEvent
from inspector.replay import Answer, Moment, Progress, said
from inspector.replay.changes import Change
from inspector.replay.evidence import base_version
from inspector.replay.folding import Folded
from inspector.replay.preview import Kept, changed, kind
from inspector.replay.story import Story
from inspector.user_code import USUAL, Terms, is_code
from inspector.user_code.codes import Codes

_STORIES = 4
_REVEALED = 20
"""So many levels are sent by themselves because the last event changed something in them."""
_STEP_LISTED = 100
_SMALL = 8
"""An outermost container with so few children is sent with them."""
_ROWS = 2_000
"""So many rows are in one answer at most; levels beyond are asked for one by one."""


class _Found(NamedTuple):
    """A state, what the last event changed, and its place in the stream."""

    folded: Folded
    kept: Kept
    step: Sequence[Change]
    place: int


@dataclass(frozen=True, slots=True)
class Looked:
    """One look: what is printed of it, and the state to look into."""

    printed: dict[str, object]
    kept: Kept


class Looker:
    """Answers `look` and `sure`. Each call is given the reader, which may be another one than before."""

    def __init__(self, codes: Codes | None = None) -> None:
        self._codes = codes or Codes()
        self._stories: OrderedDict[tuple[int, str | None, Terms, str], Story] = OrderedDict()

    def forget(self) -> None:
        """Another capture, or one that was written anew: nothing kept is true any more."""
        self._stories.clear()

    def story(self, reader: CaptureReader, stream: int | str, source: str | None, reducer: str | None, terms: Terms = USUAL) -> Story:
        """The story of a stream, by its number or name. Raises UsageError for a stream that is unknown or ambiguous.

        Code that changed since it was folded with is another reducer, which needs a consent of its own.
        """
        stream_id = stream if isinstance(stream, int) else find_stream(reader, stream, source).id
        digest = self._codes.read(reducer, terms).digest if reducer is not None and is_code(reducer) else ""
        key = (stream_id, reducer, replace(terms, consent=None), digest)
        known = self._stories.get(key)
        if known is None:
            known = Story(reader, stream_id, reducer, terms, self._codes)
        else:
            known.refresh(reader)
        self._stories[key] = known
        self._stories.move_to_end(key)
        while len(self._stories) > _STORIES:
            self._stories.popitem(last=False)
        return known

    def look(self, story: Story, moment: Moment, open_paths: Iterable[str], limit: int, progress: Progress | None = None) -> Looked:
        """The state at a moment, its outermost level, and those of `open_paths` and of what the last event changed."""
        asked = story.place_of(moment)
        if asked is None:
            return _looked(story, moment, _anew(story, moment, progress), open_paths, limit)
        stand = story.stand(asked, progress)

        def setter(path: str, is_inside: bool) -> FoldEvent | None:
            return stand.blame.setter(path, is_inside=is_inside)

        kept = Kept(stand.state, setter, story.replay.log_labels, stand.changed)
        return _looked(story, moment, _Found(story.folded(stand, asked), kept, stand.changed, asked), open_paths, limit)

    def sure(self, story: Story, moment: Moment, progress: Progress | None = None) -> dict[str, object]:
        """What history a state rests on, and what is not there."""
        asked = story.place_of(moment)
        answer = story.folded_anew(moment, progress) if asked is None else story.judged(moment, story.stand(asked, progress), asked)
        return _sure(answer, base_version(story.reader, answer.stream))

    def extent(self, story: Story) -> dict[str, object]:
        """How far a stream goes now."""
        return {"total": story.total}


def _anew(story: Story, moment: Moment, progress: Progress | None) -> _Found:
    """The state at a time that is no place in the stream."""
    answer = story.folded_anew(moment, progress, with_blame=True)
    blame, step, folded = answer.blame or {}, answer.step or (), answer.folded

    def setter(path: str, is_inside: bool) -> FoldEvent | None:
        return None if is_inside else blame.get(path)

    last = story.place_of(Moment(seq=folded.last.seq)) if folded.last is not None else 0
    return _Found(folded, Kept(folded.state, setter, story.replay.log_labels, step), step, last or 0)


def _looked(story: Story, moment: Moment, found: _Found, open_paths: Iterable[str], limit: int) -> Looked:
    folded, kept, step, place = found
    revealed, small = _revealed(step), _small(kept, limit)
    printed: dict[str, object] = {
        "stream": _stream(story.replay.stream),
        "reducer": story.replay.reducer.name,
        "reducer_why": story.replay.reducer_why,
        "total": story.total,
        "place": min(place, story.total),
        "applied": folded.applied,
        "has_versions": story.replay.has_versions,
        "version": folded.last.version if folded.last is not None else None,
        "last_version": story.order.versions[-1] if story.order.versions else None,
        "first_time": format_time(story.replay.stream.first_us),
        "newest_time": format_time(story.replay.stream.last_us),
        "last": None if folded.last is None else said(folded.last, story.replay.log_labels),
        "skipped_aborted": folded.skipped_aborted,
        "duplicates": folded.duplicates,
        "passed_over": folded.tally.passed_over,
        "aborted_event": moment.seq is not None and moment.seq not in story.order.seqs,
        "failed_at": _failed(story, folded),
        "kind": kind(folded.state),
        "whole": kept.outermost(),
        "step": changed(step[:_STEP_LISTED]),
        "step_count": len(step),
        "revealed": revealed,
        "small": small,
        "levels": _levels(kept, ["", *open_paths, *revealed, *small], limit),
    }
    return Looked(printed, kept)


def _stream(stream: StreamInfo) -> dict[str, object]:
    return {"id": stream.id, "name": stream.name, "category": stream.category, "source": stream.source}


def _failed(story: Story, folded: Folded) -> dict[str, object] | None:
    if folded.failure is None:
        return None
    return {**said(folded.failure.event, story.replay.log_labels), "reason": folded.failure.reason}


def _revealed(step: Sequence[Change]) -> list[str]:
    """The levels in which something changed, the outer ones first, so that all on the way are there."""
    found: dict[str, None] = {}
    for change in step[:_REVEALED]:
        parts = change.path.split("/")[1:-1]
        for depth in range(1, len(parts) + 1):
            found.setdefault("/" + "/".join(parts[:depth]))
    return list(found)[:_REVEALED]


def _levels(kept: Kept, paths: Iterable[str], limit: int) -> Mapping[str, object]:
    levels: dict[str, dict[str, Any]] = {}
    room = _ROWS
    for path in paths:
        if path not in levels and room > 0:
            try:
                levels[path] = kept.children(path, 0, min(limit, room))
            except UsageError:
                continue  # this state has nothing there
            room -= len(levels[path]["children"])
    return levels


def _small(kept: Kept, limit: int) -> list[str]:
    """The outermost containers with so few children that they are shown open."""
    return [str(child["path"]) for child in kept.children("", 0, limit)["children"] if 0 < child["children"] <= _SMALL]


def _sure(answer: Answer, base_version: int | None) -> dict[str, object]:
    """`gone` is how many versions are missing at the start; None where nothing says it."""
    printed = answer.to_dict()
    tally = answer.folded.tally
    has_all = tally.has_all_versions and tally.first_version is not None
    gone = (tally.first_version or 0) - (1 if base_version is None else base_version) if has_all else None
    return {**{name: printed[name] for name in ("history", "missing", "scope", "applied", "reducer")}, "gone": gone}
