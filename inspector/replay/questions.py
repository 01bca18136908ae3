"""A field's history, lines of numbers, and how sure they are: asked of a story, alike for a window and for a command.

Read `field_history` and `series` for the work, `desk` and the command line for what is printed of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError
from inspector.masks import has_sign
from inspector.replay import NOW, Moment, Progress
from inspector.replay.field_history import FieldChange, segments
from inspector.replay.pausing import PART_S
from inspector.replay.series import MOST_PATHS, SeriesRun
from inspector.replay.story import Found, Story

_RUNS = 4
HIDDEN_CHANGES = "masks hide values here: a change from one hidden value to another cannot be seen"


@dataclass(frozen=True, slots=True)
class FieldPage:
    """Some changes of a field, newest first, and where to go on; None when all was looked at."""

    changes: list[FieldChange]
    following: int | None
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
) -> FieldPage:
    """At most `limit` changes of the value at `path` up to a moment, `before` a page's `following`.

    Returns with fewer after a while, so that it can be asked to go on. Raises UsageError for a path that is none.
    """
    found = story.find(moment, progress, without=story.left_out(without), quick=True)
    end = found.stand.place if before is None else min(found.stand.place, before - 1)
    over_s = time.monotonic() + PART_S
    page, told = list[FieldChange](), honest(story, found)
    for start, changes in segments(story.walk_of(found), path, end, progress):
        room = max(limit, 1) - len(page)
        page += changes[:room]
        if len(changes) > room or (changes and len(changes) == room and start):
            return _field_page(story, found, page, page[-1].place, told)
        if start and time.monotonic() >= over_s:
            return _field_page(story, found, page, start + 1, told)
    return _field_page(story, found, page, None, told)


def _field_page(story: Story, found: Found, page: list[FieldChange], following: int | None, told: dict[str, object]) -> FieldPage:
    if story.reader.masks is not None and has_sign([value for one in page for value in (one.old, one.new)]):
        absent = told["absent"]
        assert isinstance(absent, list)
        told = {**told, "absent": [*absent, HIDDEN_CHANGES], "complete": False}
    return FieldPage(story.placed(found, page), following, told)


def lines(story: Story, moment: Moment, paths: Sequence[str], *, without: Sequence[str] = ()) -> tuple[SeriesRun, dict[str, object]]:
    """The lines of some paths up to a moment as far as they were made, and how sure they are; `go_on` makes more of them.

    Raises UsageError for no path or too many.
    """
    if not 0 < len(paths) <= MOST_PATHS:
        raise UsageError(f"a series has 1 to {MOST_PATHS} paths, not {len(paths)}")
    left_out = story.left_out(without)
    found = story.unfolded(moment, without=left_out)
    key = ("series", found.moment, left_out, tuple(paths))
    run = story.kept.get(key)
    if not isinstance(run, SeriesRun):
        run = story.kept[key] = SeriesRun(story.applied(found), story.events, story.replay.reducer, paths)
    while len(story.kept) > _RUNS:
        del story.kept[next(iter(story.kept))]
    return run, honest(story, found)


def type_names(reader: CaptureReader, numbers: Sequence[int]) -> list[str]:
    """The names of types."""
    found = dict(reader.select(reader.shown("SELECT type.id, type.name FROM type")))
    return [str(found.get(number, "")) for number in numbers]
