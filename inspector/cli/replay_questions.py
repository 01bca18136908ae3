"""What `eventscope replay` prints of a field's history, of lines of numbers, and of snapshots.

The work is in `inspector.replay`, where the window asks for the same. Heavy imports wait until a command runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from inspector.errors import ExitStatus

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader
    from inspector.replay import Question
    from inspector.replay.story import Story
    from inspector.user_code.codes import Codes

Line = Mapping[str, object]


def story_of(reader: CaptureReader, question: Question, codes: Codes) -> Story:
    """The stream that is asked about. Raises UsageError for one that is unknown or ambiguous."""
    from inspector.capture.streams import find_stream
    from inspector.replay.story import Story

    stream = find_stream(reader, question.stream, question.source)
    return Story(reader, stream.id, question.reducer, question.terms, codes, with_aborted=question.with_aborted)


def field_lines(story: Story, question: Question, path: str) -> Iterator[Line]:
    """A line for each event that changed the value at `path`, newest first, and how sure that is."""
    from inspector.replay import said
    from inspector.replay.questions import field_page

    found, before, honest = 0, None, None
    while True:
        page = field_page(story, question.moment, path, 1000, before, without=question.without)
        honest = page.honest if honest is None or not page.honest["complete"] else honest
        for change in page.changes:
            found += 1
            yield {**said(change.event, story.replay.log_labels), **change.to_dict()}
        if page.following is None:
            yield {"field": path, "changes": found, "reducer": story.replay.reducer.name, **honest}
            return
        before = page.following


def series_lines(story: Story, question: Question, paths: list[str]) -> Iterator[Line]:
    """A line for each point of each path, thinned as in the window, and how sure they are."""
    from inspector.event import format_time
    from inspector.replay.questions import lines

    run, honest = lines(story, question.moment, paths, without=question.without)
    run.go_on(lambda _applied: None)
    for line in run.lines:
        for point in line.points:
            yield {"path": line.path, "place": point.place, "time": format_time(point.time_us), "value": point.value}
    series = [{"path": line.path, "points": len(line.points), "changes": line.changes} for line in run.lines]
    yield {"series": series, "applied": run.applied, "reducer": story.replay.reducer.name, **honest}


def snapshot_lines(story: Story) -> Iterator[Line]:
    """A line for each snapshot that the store kept of the stream, and how sure the replay is."""
    from inspector.reducers import ABSENT
    from inspector.replay.questions import whole
    from inspector.replay.snapshots import compared

    counts = {True: 0, False: 0, None: 0}
    for one in compared(story):
        counts[one.is_equal] += 1
        yield one.told(lambda value: None if value is ABSENT else value)
    told = {"snapshots": sum(counts.values()), "equal": counts[True], "different": counts[False], "not_compared": counts[None]}
    yield {**told, "reducer": story.replay.reducer.name, **whole(story)}


def exit_status(last: Line) -> ExitStatus:
    """FINDINGS when an event failed or a snapshot differs from the replay."""
    return ExitStatus.FINDINGS if last.get("failed_at") or last.get("different") else ExitStatus.OK


# ---- for people


def texts(lines: Iterator[Line]) -> Iterator[tuple[str, Line]]:
    """Each line as people read it, with what it says."""
    for line in lines:
        yield (_last_text(line) if "history" in line else _text(line)), line


def _text(line: Line) -> str:
    from inspector.values import to_json

    if "value" in line:
        return f"{line['path'] or 'all'}  {line['place']}  {line['time'] or 'no time'}  {to_json(line['value'])}"
    if "is_equal" in line:
        return _snapshot_text(line)
    version = "" if line["version"] is None else f"v{line['version']}  "
    who = "  ".join(str(line[name]) for name in ("time", "type", "actor") if line[name])
    return f"#{line['seq']}  {version}{who}  {line['op']}: {_short(line['from'])} → {_short(line['to'])}"


def _snapshot_text(line: Line) -> str:
    head = f"snapshot #{line['seq']} of version {line['version']}: "
    if line["is_equal"]:
        return f"{head}equal"
    if line["is_equal"] is None:
        return f"{head}not compared: {line['reason']}"
    return f"{head}differs first at {line['path'] or 'all'}: kept {_short(line['kept'])}, replayed {_short(line['replayed'])}"


def _last_text(line: Line) -> str:
    counts = [
        f"{name.replace('_', ' ')}: {line[name]}" for name in ("changes", "snapshots", "equal", "different", "not_compared") if name in line
    ]
    absent = line["absent"] if isinstance(line["absent"], list) else []
    return "; ".join([*counts, f"by {line['reducer']}", f"history: {line['history']}", *map(str, absent)])


def _short(value: object, limit: int = 80) -> str:
    from inspector.values import to_json

    text = to_json(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
