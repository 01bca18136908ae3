"""A field's history, lines of numbers, and how sure they are: asked of a story, alike for a window and for a command.

Read `field_history` and `series` for the work, `desk` and the command line for what is printed of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError
from inspector.masks import has_sign
from inspector.replay import NOW, Moment, Progress
from inspector.replay.field_history import FieldChange, FieldRun, Keeping
from inspector.replay.pausing import PausedError, part
from inspector.replay.series import MOST_PATHS, SeriesRun
from inspector.replay.story import Found, Story

_RUNS, _UNDONE_RUNS = 6, 2
"""So many runs are remembered of a stream, of those under way fewer: each has a state of its own."""

Run = TypeVar("Run", SeriesRun, FieldRun)
HIDDEN_CHANGES = "masks hide values here: a change from one hidden value to another cannot be seen"


@dataclass(frozen=True, slots=True)
class FieldPage:
    """Some changes of a field, newest first, and where the next page goes on; None when all was looked at.

    While it is not `is_done` it goes on where it was when it is asked again, after `looked` of `total` events, and `honest` is empty.
    """

    changes: list[FieldChange]
    following: int | None
    is_done: bool
    looked: int
    total: int
    honest: dict[str, object]


def honest(story: Story, found: Found) -> dict[str, object]:
    """How sure one may be of a state, and of what is made of the events up to it."""
    return story.judged(found).honest()


def whole(story: Story) -> dict[str, object]:
    """How sure one may be of a stream up to its end, as far as it is known without folding it."""
    return honest(story, story.unfolded(NOW))


def field_page(
    story: Story,
    moment: Moment,
    path: str,
    limit: int,
    before: int | None = None,
    progress: Progress | None = None,
    *,
    without: Sequence[str] = (),
    kept: Keeping = lambda value: value,
    in_parts: bool = False,
) -> FieldPage:
    """At most `limit` changes of the value at `path` up to a moment, `before` a page's `following`; `kept` is what is kept of values.

    With `in_parts` what was found after a short time, to be asked for again. Raises UsageError for a path that is none.
    """
    left_out = story.left_out(without)
    found = story.find(moment, progress, without=left_out, quick=True)
    end = found.stand.place if before is None else min(found.stand.place, before - 1)
    key = ("field", found.moment, left_out, path, end, limit)
    is_hidden = has_sign if story.reader.masks is not None else None
    run = _run(story, key, FieldRun, lambda: FieldRun(story.walk_of(found), path, end, limit, kept, is_hidden))
    with suppress(PausedError):
        run.go_on(progress, part(progress) if in_parts else None)
    told = _told(story, found, run) if run.is_done else {}
    return FieldPage(story.placed(found, run.changes), run.following, run.is_done, run.looked, run.total, told)


def _told(story: Story, found: Found, run: FieldRun) -> dict[str, object]:
    answer = story.judged(found)
    told = answer.honest()
    return {**told, "absent": [*answer.absent, HIDDEN_CHANGES], "complete": False} if run.is_any_hidden else told


def _run(story: Story, key: object, kind: type[Run], make: Callable[[], Run]) -> Run:
    """What was asked before goes on where it was."""
    known = story.kept.pop(key, None)
    run = known if isinstance(known, kind) else make()
    story.kept[key] = run
    undone = [other for other, one in story.kept.items() if isinstance(one, SeriesRun | FieldRun) and not one.is_done]
    for other in undone[:-_UNDONE_RUNS]:
        del story.kept[other]
    while len(story.kept) > _RUNS:
        del story.kept[next(iter(story.kept))]
    return run


def lines(story: Story, moment: Moment, paths: Sequence[str], *, without: Sequence[str] = ()) -> tuple[SeriesRun, dict[str, object]]:
    """The lines of some paths up to a moment as far as they were made, and how sure they are; `go_on` makes more of them.

    Raises UsageError for no path or too many.
    """
    if not 0 < len(paths) <= MOST_PATHS:
        raise UsageError(f"a series has 1 to {MOST_PATHS} paths, not {len(paths)}")
    left_out = story.left_out(without)
    found = story.unfolded(moment, without=left_out)
    key = ("series", found.moment, left_out, tuple(paths))
    run = _run(story, key, SeriesRun, lambda: SeriesRun(story.applied(found), story.events, story.replay.reducer, paths))
    return run, honest(story, found)


def type_names(reader: CaptureReader, numbers: Sequence[int]) -> list[str]:
    """The names of types."""
    found = dict(reader.select(reader.shown("SELECT type.id, type.name FROM type")))
    return [str(found.get(number, "")) for number in numbers]
