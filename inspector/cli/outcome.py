"""What became of something that filled a capture, printed: one object for programs, some lines for people. No work of its own.

Read `capture` and `import_` for who prints it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.output import chosen_format
from inspector.text import visible

if TYPE_CHECKING:
    from inspector.ingest import Outcome

_MOST_MISSING = 5
_ODD = ("undecodable", "duplicates", "conflicts")


def print_outcome(
    out: Path, outcome: Outcome, format_: str | None, *, more: Mapping[str, object] | None = None, words: Iterable[str] = ()
) -> None:
    """Prints what is in the capture `out` now; programs are also told `more`, people also these `words`, a line each."""
    status = outcome.status
    if chosen_format(format_) == "jsonl":
        summary: dict[str, Any] = {
            "capture": str(out),
            "stored": status.stored,
            "events": status.events,
            "bytes": status.bytes,
            "duplicates": status.duplicates,
            "conflicts": status.conflicts,
            "undecodable": status.undecodable,
            "missing": [{"wire": one.wire, "why": one.why, "events": one.events} for one in outcome.missing],
            "stopped": outcome.stopped,
            **(more or {}),
        }
        print(json.dumps(summary))
        return
    for one in outcome.missing[:_MOST_MISSING]:
        print(visible(f"{one.events:,} events wait for {one.why or one.wire}: eventscope decode reads them later"))
    odd = [f", {getattr(status, name):,} {name}" for name in _ODD if getattr(status, name)]
    print(f"{status.stored:,} events stored in {out}{''.join(odd)}: {'; '.join(outcome.stopped)}")
    for text in words:
        print(visible(text))
