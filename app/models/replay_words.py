"""What a replay's answer says in words: how far, how sure, what went wrong. Pure; no Qt.

Read `inspector.replay` for the answer's fields.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from inspector.capture.streams import StreamInfo

_HISTORY = {
    "whole": "whole history",
    "starts_late": "the start is missing",
    "holes": "the history has holes",
    "filtered": "only events that passed a filter",
    "unknown": "not known to be whole",
}


def applied_words(answer: Mapping[str, Any], total: int, newer: int) -> str:
    """How far the state is: `after 118 of 131 events`, with what came since."""
    applied = int(answer["applied"])
    of = f" of {total:,}" if total else ""
    later = f" · {newer:,} newer" if newer else ""
    return f"after {applied:,}{of} event{'' if (total or applied) == 1 else 's'}{later}"


def history_words(answer: Mapping[str, Any]) -> str:
    """How sure the state is, and by which reducer: one line."""
    parts = [_HISTORY.get(str(answer["history"]), str(answer["history"]))]
    absent = answer["scope"]["absent"]
    if absent:
        parts[0] += f": {absent[0]}" + (f" (and {len(absent) - 1} more)" if len(absent) > 1 else "")
    if aborted := answer["skipped_aborted"]:
        parts.append(f"{aborted:,} aborted left out")
    if repeated := answer["duplicates"]:
        parts.append(f"{repeated:,} repeated applied")
    version = answer["version"]
    return " · ".join([*([f"version {version:,}"] if version is not None else []), *parts, f"by {answer['reducer']}"])


def doubt_words(answer: Mapping[str, Any]) -> list[str]:
    """Everything that is not here, a line each."""
    return [str(sentence) for sentence in answer["scope"]["absent"]]


def failure_words(answer: Mapping[str, Any]) -> str:
    """The event that could not be folded; empty for none."""
    failed = answer.get("failed_at")
    if not failed:
        return ""
    which = f"version {failed['version']}" if failed.get("version") is not None else f"event #{failed['seq']}"
    return f"{which} ({failed.get('type') or 'no type'}) could not be applied: {failed['reason']}; this is the state before it"


def command(path: str, stream: StreamInfo, answer: Mapping[str, Any], place: Mapping[str, object], reducer: str) -> str:
    """The command that prints this state."""
    parts = ["eventscope", "replay", path, f"{stream.category}/{stream.name}", "--source", stream.source]
    if "at" in place:
        parts += ["--at", str(place["at"])]
    elif answer["version"] is not None:
        parts += ["--version", str(answer["version"])]
    return shlex.join(parts + (["--reducer", reducer] if reducer else []))
