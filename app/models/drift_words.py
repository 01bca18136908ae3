"""What is said of a comparison with a read model, and its table as CSV. Pure but for `written`, which is for a thread aside.

Read `panes.drift` for where it is said, `inspector.drift.difference` for the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.models.drift_table import DriftRow
from inspector.drift.difference import cells
from inspector.export import Cells

EMPTY = "No read model was compared yet."
EMPTY_HINT = "What is missing, extra or different from what the events say is listed here."
_VERDICTS = ("missing", "extra", "different")


def counts(scope: Mapping[str, Any]) -> str:
    """How many rows of each kind."""
    return " · ".join(f"{int(scope[verdict]):,} {verdict}" for verdict in (*_VERDICTS, "matched"))


def doing(what: str, done: int, of: int) -> str:
    """How far it is."""
    return f"{what} … {100 * done // of} %" if of else f"{what} …"


def remark(scope: Mapping[str, Any]) -> str:
    """Where the model stood, by which rule values were the same, what was read, and what else is to be known."""
    place = f"{scope['asked']} ({_stands(scope)})"
    return " · ".join([place, str(scope["rule"]), str(scope["model"]), *map(str, scope["notes"])])


def nothing_differs(scope: Mapping[str, Any]) -> tuple[str, str]:
    """What is said where all rows are the same."""
    matched = int(scope["matched"])
    if not matched:
        return "Neither the events nor the read model have a row.", remark(scope)
    return f"The read model is what the events say: {matched:,} row{'' if matched == 1 else 's'} matched.", remark(scope)


def incomplete(scope: Mapping[str, Any]) -> str:
    """Why the comparison is not the whole truth."""
    return next((str(note) for note in scope["notes"] if "the model stands at" in str(note)), "the capture ends before the checkpoint")


def events(one: DriftRow) -> str:
    """What leads to the events of a row."""
    if not one.seqs:
        return "No event made this row"
    kind = "left-out events" if one.is_left_out else "events"
    if one.count > len(one.seqs):
        return f"Show its last {len(one.seqs):,} of {one.count:,} {kind}"
    return f"Show its {'' if one.count == 1 else f'{one.count:,} '}{kind if one.count > 1 else kind.removesuffix('s')}"


def as_csv(columns: Sequence[str], differences: Sequence[Mapping[str, Any]], *, field: str | None = None) -> str:
    """The table that the command prints with `--format csv`, or one field of it."""
    table: Cells[list[object]] = Cells(list(columns), iter)
    at = list(columns).index("field")
    rows = [row for one in differences for row in cells(one) if field is None or row[at] == field]
    return "".join([table.head(), *map(table.of, rows)])


def written(out: Path, text: str) -> tuple[str, str]:
    """Writes a file; gives how to say it, and what."""
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        return "bad", f"{out.name} cannot be written: {error.strerror}"
    return "ok", f"Exported to {out}"


def _stands(scope: Mapping[str, Any]) -> str:
    said = {"--at": "as was asked", "the model's own checkpoint": "its own checkpoint"}
    return said.get(str(scope["checkpoint"]), str(scope["checkpoint"]))
