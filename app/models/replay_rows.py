"""What the pages of a replay list: changes, the events of a field, snapshots, as rows of texts with a tone each. Pure; no widget.

Read `inspector.replay.process` for the answers they are made of, `replay_pages` for the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from app.models.event_rows import shown_time
from inspector.event import parse_time
from inspector.values import to_json

Answer = Mapping[str, Any]
SIGNS = {"add": "+", "replace": "~", "remove": "−", "moved": "↕"}
_MARKS = frozenset('.[]"')
TONES = {"add": "ok", "replace": "warn", "remove": "bad", "moved": "dim"}
_FIELD_TONES = {**TONES, "replace": "text"}
"""Of a field's history most rows are replacements."""
_HISTORIES = {
    "starts_late": "its beginning is not in the capture",
    "holes": "holes in its history",
    "filtered": "a filter may have left events out",
    "unknown": "not known to be whole",
}


def shown_path(pointer: str) -> str:
    """A JSON pointer as it is read: `/lines/0/sku` is `lines[0].sku`; the whole state is `state`.

    A name that would be read as several steps, or as none, stands in quotes: `["a.b"]`.
    """
    shown = ""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if name.isdecimal():
            shown += f"[{name}]"
        elif not name or _MARKS.intersection(name):
            shown += f"[{to_json(name)}]"
        else:
            shown += f".{name}" if shown else name
    return shown or "state"


def change_rows(changes: Iterable[Answer]) -> tuple[list[list[str]], list[str]]:
    """Changes as rows (place, before, after), and their tones."""
    rows, tones = [], []
    for change in changes:
        op = str(change["op"])
        before, after = ("" if op == "add" else str(change["from"])), ("" if op == "remove" else str(change["to"]))
        rows.append([f"{SIGNS[op]} {shown_path(str(change['path']))}", before, after])
        tones.append(TONES[op])
    return rows, tones


def field_rows(entries: Iterable[Answer], zone: tzinfo) -> tuple[list[list[str]], list[str]]:
    """The events that changed a field as rows (which, time, type, what it became), and their tones."""
    rows, tones = [], []
    for entry in entries:
        op = str(entry["op"])
        became = {"remove": f"gone (was {entry['from']})", "moved": f"moved, is {entry['to']}", "add": str(entry["to"])}
        rows.append(
            [event_number(entry), event_time(entry, zone), str(entry["type"] or ""), became.get(op, f"{entry['from']} → {entry['to']}")]
        )
        tones.append(_FIELD_TONES[op])
    return rows, tones


def snapshot_rows(snapshots: Iterable[Answer], zone: tzinfo) -> tuple[list[list[str]], list[str]]:
    """Snapshots as rows (version, time, what the comparison says), and their tones."""
    rows, tones = [], []
    for kept in snapshots:
        if kept["is_equal"] is None:
            said, tone = str(kept["reason"]), "dim"
        elif kept["is_equal"]:
            said, tone = "equals the replay", "ok"
        else:
            said, tone = f"first differs at {shown_path(str(kept['path']))}: kept {kept['kept']}, replayed {kept['replayed']}", "bad"
        version = "" if kept["version"] is None else f"{kept['version']:,}"
        rows.append([version, event_time(kept, zone), said])
        tones.append(tone)
    return rows, tones


def event_number(event: Answer) -> str:
    """Which event: its version, else its number in the capture."""
    return f"v{event['version']:,}" if event.get("version") is not None else f"#{event['seq']:,}"


def event_time(event: Answer, zone: tzinfo) -> str:
    """When, in a zone, to the second where nothing is said beyond it; empty where nothing says it."""
    return shown_time(parse_time(str(event["time"])), zone).removesuffix(".000000") if event.get("time") else ""


def stand_words(stand: Answer, zone: tzinfo) -> str:
    """A moment in the stream in a few words: `after v7 OrderPaid, 2026-11-23 12:03:00`."""
    last = stand.get("last")
    if not last:
        return "before the first event"
    return " ".join(part for part in (f"after {event_number(last)}", str(last["type"] or ""), event_time(last, zone)) if part)


def short_words(stand: Answer) -> str:
    """A moment in the fewest words: `after v7`."""
    last = stand.get("last")
    return f"after {event_number(last)}" if last else "before all"


def honest_words(honest: Answer | None) -> str:
    """What is to be known of an answer whose history is not plain; empty for one that is."""
    if not honest:
        return ""
    parts = []
    if honest["history"] != "whole":
        parts.append(_HISTORIES.get(str(honest["history"]), str(honest["history"])))
    parts += [str(sentence) for sentence in honest["absent"]]
    if count := int(honest["includes_aborted"]):
        parts.append(f"{count:,} aborted event{'' if count == 1 else 's'} folded in: this is not what happened")
    if count := int(honest["left_out"]):
        parts.append(f"{count:,} event{'' if count == 1 else 's'} left out: this is not what happened")
    return "; ".join(parts)


def left_out_words(events: Sequence[Answer], zone: tzinfo) -> list[list[str]]:
    """Events that are left out as rows: which, time, type."""
    return [[event_number(event), event_time(event, zone), str(event["type"] or "")] for event in events]
