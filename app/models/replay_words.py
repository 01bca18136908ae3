"""What a replay's answers say in words: how far, how sure, what went wrong, and the command that says the same. Pure; no Qt.

Read `inspector.replay.process` for the fields of `look` and `sure`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from inspector.capture.streams import StreamInfo

Answer = Mapping[str, Any]

_RETENTION = "retention"


def applied_words(look: Answer, total: int) -> str:
    """How many events the state is made of."""
    return f"after {look['applied']:,} of {total:,} event{_s(total)}"


def place_words(look: Answer, total: int) -> str:
    """How far the state is: `version 118 of 131, 13 to come`."""
    place, later = int(look["place"]), total - int(look["applied"]) - int(look["passed_over"])
    if not total:
        return "every event was aborted"
    if place == 0:
        return f"before the first of {total:,} event{_s(total)}"
    version, last = look["version"], look["last_version"]
    is_versioned = look["has_versions"] and version is not None and last is not None
    said = f"version {version:,} of {max(last, version):,}" if is_versioned else f"event {place:,} of {total:,}"
    return f"{said}, {later:,} to come" if later > 0 else said


def counts_words(look: Answer, sure: Answer) -> list[str]:
    """What was counted on the way (where `sure` is there), and by which reducer; what was aborted is said elsewhere."""
    repeated = int(sure.get("duplicates", 0))
    return [*([f"{repeated:,} repeated applied"] if repeated else []), f"by {look['reducer']}"]


def history_words(sure: Answer) -> str:
    """How sure the state is: one clause."""
    history, absent = str(sure["history"]), [str(sentence) for sentence in sure["scope"]["absent"]]
    first = absent[0] if absent else ""
    if history == "starts_late":
        return _late_words(sure.get("gone"), absent)
    if history == "holes":
        return f"holes: {first}" if first else "the history has holes"
    if history == "filtered":
        return "filtered: other events of this stream may have been left out"
    if history == "unknown":
        return f"not known to be whole: {first}" if first else "not known to be whole"
    return f"whole history, but {first}" if first else "whole history"


def _late_words(gone: object, absent: list[str]) -> str:
    after = "starts after retention" if any(_RETENTION in sentence for sentence in absent) else "starts late"
    if isinstance(gone, int) and gone > 0:
        return f"{after}: {gone:,} earlier event{_s(gone)} {'is' if gone == 1 else 'are'} gone"
    return f"{after}: {absent[0]}" if absent else after


def scope_words(sure: Answer) -> str:
    """The scope in full, a line each: for a tooltip."""
    scope = sure["scope"]
    read = int(scope["read"])
    lines = [f"asked: {scope['asked']}", f"read: {read:,} event{_s(read)} of this stream", str(scope["stopped"])]
    return "\n".join([*lines, *(f"absent: {sentence}" for sentence in scope["absent"])])


def trouble_words(look: Answer) -> str:
    """The event that could not be folded; empty for none."""
    failed = look.get("failed_at")
    if not failed:
        return ""
    which = f"version {failed['version']}" if failed.get("version") is not None else f"event #{failed['seq']}"
    return f"{which} ({failed.get('type') or 'no type'}) could not be applied: {failed['reason']}; this is the state before it"


def remark_words(look: Answer) -> str:
    """What should be known of the place; empty for nothing."""
    if look["aborted_event"]:
        return "this event was aborted: it is no part of the history, and this is the state before it"
    if passed := int(look["passed_over"]):
        return (
            f"{passed:,} event{_s(passed)} later than this time, or without one, left out: the stream's order has them before the last one"
        )
    return ""


def nothing_words(look: Answer) -> tuple[str, str]:
    """Why there is no state: a sentence and a hint."""
    if look["place"] == 0:
        return "No event is applied yet.", "One event on shows the first state."
    return "There is no state.", "The events up to here carry no document, or deleted it."


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def command(path: str, stream: StreamInfo, look: Answer, place: Mapping[str, object], reducer: str) -> str:
    """The command that prints this state."""
    parts = ["eventscope", "replay", path, f"{stream.category}/{stream.name}", "--source", stream.source]
    parts += [part for option, name in (("--at", "at"), ("--known-at", "known_at")) if name in place for part in (option, str(place[name]))]
    parts += look["arguments"]
    parts += [part for event in look.get("left_out", ()) for part in ("--without", str(event["seq"]))]
    parts += ["--include-aborted"] if look.get("includes_aborted") else []
    return shlex.join(parts + (["--reducer", reducer] if reducer else []))
