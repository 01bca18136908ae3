"""What a window asks while somebody moves along a stream: the state at a place with what changed, and how sure it is.

Keeps the stories of a few streams, so that each move costs a few events. Read `story` for them, `process` for who asks,
`levels` and `preview` for how answers are cut.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from inspector.capture.reader import CaptureReader
from inspector.capture.stream_columns import NONE
from inspector.capture.streams import StreamInfo, find_stream
from inspector.errors import UsageError
from inspector.event import format_time
from inspector.replay import Answer, Moment, Progress, said
from inspector.replay.blame import Blame
from inspector.replay.changes import Change, changes
from inspector.replay.evidence import base_version
from inspector.replay.folding import Failure
from inspector.replay.levels import setters, view
from inspector.replay.preview import Kept, Setter, changed, nobody
from inspector.replay.story import Found, Story
from inspector.user_code import USUAL, Terms, is_code
from inspector.user_code.codes import Codes

_STORIES = 4
MOST_BYTES = 64 * 1024 * 1024
"""So many bytes are all states kept along streams at most; then those of the streams that were asked about longest ago go."""
_STEP_LISTED = 100


@dataclass(frozen=True, slots=True)
class Looked:
    """One look: what is printed of it, and the state to look into; `happened` is the one with nothing left out."""

    printed: dict[str, object]
    kept: Kept
    story: Story
    found: Found
    step: Sequence[Change]
    happened: Kept | None = None


class Looker:
    """Answers `look` and `sure`. Each call is given the reader, which may be another one than before."""

    def __init__(self, codes: Codes | None = None) -> None:
        self._codes = codes or Codes()
        self._stories: OrderedDict[tuple[int, str | None, bool, Terms, str], Story] = OrderedDict()

    def forget(self) -> None:
        """Another capture, or one that was written anew: nothing kept is true any more."""
        self._stories.clear()

    def story(
        self,
        reader: CaptureReader,
        stream: int | str,
        source: str | None,
        reducer: str | None,
        terms: Terms = USUAL,
        *,
        with_aborted: bool = False,
    ) -> Story:
        """The story of a stream, by its number or name. Raises UsageError for a stream that is unknown or ambiguous.

        Code that changed since it was folded with is another reducer, which needs a consent of its own.
        """
        stream_id = stream if isinstance(stream, int) else find_stream(reader, stream, source).id
        digest = self._codes.read(reducer, terms).digest if reducer is not None and is_code(reducer) else ""
        key = (stream_id, reducer, with_aborted, replace(terms, consent=None), digest)
        known = self._stories.get(key)
        if known is None or (reducer is None and known.replay.code_digest() != known.code_digest):
            known = Story(reader, stream_id, reducer, terms, self._codes, with_aborted=with_aborted)
        else:
            known.refresh(reader)
        self._stories[key] = known
        self._stories.move_to_end(key)
        self._thin()
        return known

    def _thin(self) -> None:
        while len(self._stories) > _STORIES:
            self._stories.popitem(last=False)
        *others, _ = self._stories.values()
        for story in others:
            if sum(one.held for one in self._stories.values()) > MOST_BYTES:
                story.forget_states()

    def look(
        self,
        story: Story,
        moment: Moment,
        open_paths: Iterable[str],
        limit: int,
        progress: Progress | None = None,
        *,
        without: Sequence[str] = (),
        quick: bool = False,
    ) -> Looked:
        """The state at a moment, its outermost level, and those of `open_paths` and of what the last event changed.

        `quick` does not wait for who set what.
        """
        paths = list(open_paths)
        found = story.find(moment, progress, without=story.left_out(without), quick=quick)
        kept = _kept(story, found)
        printed = _looked(story, found, kept, paths, limit)
        if not without:
            return Looked(printed, kept, story, found, found.stand.changed)
        really = story.find(moment, progress, quick=quick)
        happened = _kept(story, really)
        outcome = changes(really.stand.state, found.stand.state)
        printed |= {
            "left_out": [said(event, story.replay.log_labels) for event in story.folded(found).left_out],
            "outcome": changed(outcome),
            "outcome_count": len(outcome),
            "happened": {**placed(story, really), **view(happened, really.stand.changed, paths, limit)},
        }
        return Looked(printed, kept, story, found, found.stand.changed, happened)

    def blame(self, looked: Looked, open_paths: Iterable[str], limit: int, progress: Progress | None = None) -> dict[str, object]:
        """Who set what of what a look shows. Raises what `progress` raises; what was found by then is kept."""
        found = looked.story.with_blame(looked.found, progress)
        if found.stand.blame is None or found.stand.place != looked.found.stand.place:
            raise UsageError("the stream changed meanwhile: look again")
        looked.kept.use(_setter(found.stand.blame))
        return setters(looked.kept, looked.step, open_paths, limit)

    def sure(self, story: Story, moment: Moment, progress: Progress | None = None, *, without: Sequence[str] = ()) -> dict[str, object]:
        """What history a state rests on, and what is not there."""
        answer = story.judged(story.find(moment, progress, without=story.left_out(without), quick=True), progress)
        return _sure(answer, base_version(story.reader, answer.stream))

    def extent(self, story: Story) -> dict[str, object]:
        """How far a stream goes now."""
        return {"total": story.total}


def _setter(blame: Blame) -> Setter:
    return lambda path, is_inside: blame.setter(path, is_inside=is_inside)


def _kept(story: Story, found: Found) -> Kept:
    blame = found.stand.blame
    return Kept(found.stand.state, nobody if blame is None else _setter(blame), story.replay.log_labels, found.stand.changed)


def placed(story: Story, found: Found) -> dict[str, object]:
    """Where a state is: its place, what is applied up to it, and the last event of that."""
    last = found.stand.last
    return {
        "place": min(found.place, story.total),
        "applied": found.stand.place,
        "version": last.version if last is not None else None,
        "last": None if last is None else said(last, story.replay.log_labels),
        "failed_at": _failed(story, found.stand.failure),
    }


def _looked(story: Story, found: Found, kept: Kept, paths: Sequence[str], limit: int) -> dict[str, object]:
    folded, order, stream = story.folded(found, counts_ids=False), story.order, story.replay.stream
    step, seq, clocks = found.stand.changed, found.moment.seq, story.clocks(found.moment)
    printed: dict[str, object] = {
        "stream": _stream(stream),
        "reducer": story.replay.reducer.name,
        "reducer_why": story.replay.reducer_why,
        "total": story.total,
        **placed(story, found),
        "has_versions": story.replay.has_versions,
        "last_version": None if not story.total or order.versions[-1] == NONE else order.versions[-1],
        "first_time": format_time(stream.first_us),
        "newest_time": format_time(stream.last_us),
        "skipped_aborted": folded.skipped_aborted,
        "includes_aborted": folded.included_aborted,
        "passed_over": folded.tally.passed_over,
        "aborted_event": seq is not None and order.is_aborted(seq),
        "blamed": found.stand.blame is not None,
        "arguments": _arguments(story, found),
        "step": changed(step[:_STEP_LISTED]),
        "step_count": len(step),
        **view(kept, step, paths, limit),
    }
    return printed if clocks is None else {**printed, "clocks": clocks.to_dict()}


def _arguments(story: Story, found: Found) -> list[str]:
    """What says this place on a command line: a version where that is this very place, else the event."""
    order, place = story.order, min(found.place, story.total)
    if found.moment.is_timed or place >= story.total:
        return []
    if place == 0:
        return ["--before", str(order.seqs[0])]
    if not story.replay.has_versions:
        return ["--version", str(place)]
    version = order.versions[place - 1]
    return ["--version", str(version)] if 0 <= version != order.versions[place] else ["--event", str(order.seqs[place - 1])]


def _stream(stream: StreamInfo) -> dict[str, object]:
    return {"id": stream.id, "name": stream.name, "category": stream.category, "source": stream.source}


def _failed(story: Story, failure: Failure | None) -> dict[str, object] | None:
    return None if failure is None else {**said(failure.event, story.replay.log_labels), "reason": failure.reason}


def _sure(answer: Answer, base_version: int | None) -> dict[str, object]:
    """`gone` is how many versions are missing at the start; None where nothing says it."""
    printed = answer.to_dict()
    tally = answer.folded.tally
    has_all = tally.has_all_versions and tally.first_version is not None
    gone = (tally.first_version or 0) - (1 if base_version is None else base_version) if has_all else None
    told = {name: printed[name] for name in ("history", "missing", "scope", "applied", "reducer")}
    folded = answer.folded
    counts = {"duplicates": folded.duplicates, "skipped_aborted": folded.skipped_aborted, "includes_aborted": folded.included_aborted}
    return {**told, "gone": gone, **counts}
