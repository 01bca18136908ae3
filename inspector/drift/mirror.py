"""What a projection's file says of the read model that it mirrors. Reads no model.

    [model]
    table = "public.stock"                     # or query = "SELECT …"; neither for a file
    keys = { sku = "sku" }                     # label = column; those of the same name when left out
    window = "minute"                          # the column with the beginning of the window, where there are windows
    values = { available = "free" }            # measure = column; only these are compared
    checkpoint = { table = "public.tracking", column = "position", where = { name = "stock" } }
    log = "stored_events"                      # whose positions the checkpoint counts; and partition = 0
    zone = "UTC"                               # of times without one; unit = "ms" of times that are numbers
    scale = 2                                  # numbers are compared rounded to so many decimal places (half away from zero)
    null = "zero"                              # a null is equal to 0; "null" (the default): only to null

`checkpoint` may be `{ query = "SELECT …" }`, or `{ column = "position" }` of the model's own rows (the highest); with `is = "time"`
it is a time. Read `model` for who uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from inspector.errors import UsageError
from inspector.projections.spec import Projection, known
from inspector.times import UNITS, parse_zone

_KEYS = ("table", "query", "keys", "window", "values", "checkpoint", "log", "partition", "zone", "unit", "scale", "null", "null_texts")
_CHECKPOINT = ("table", "query", "column", "where", "is")
_NULLS = ("null", "zero")
_MOST_SCALE = 30
_BEYOND = 2**63
MOST_ROWS = 1_000_000
"""Of a model."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the model says it stands: a query, or the highest value in a column of a table (empty: of the model's own rows)."""

    query: str = ""
    table: str = ""
    column: str = ""
    where: Mapping[str, str | int] = field(default_factory=dict)
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class Mirror:
    """How rows of a model are those of a projection. `keys` is label → column, `values` measure → column."""

    keys: Mapping[str, str]
    values: Mapping[str, str]
    table: str = ""
    query: str = ""
    window: str = ""
    checkpoint: Checkpoint | None = None
    log: str | None = None
    partition: int | None = None
    zone: tzinfo | None = None
    unit: str | None = None
    scale: int | None = None
    is_null_zero: bool = False
    null_texts: tuple[str, ...] = ("",)
    """What stands for null in a CSV file."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns that are read, each once."""
        own = [self.checkpoint.column] if self.checkpoint is not None and not (self.checkpoint.table or self.checkpoint.query) else []
        window = [self.window] if self.window else []
        return list(dict.fromkeys([*self.keys.values(), *window, *self.values.values(), *own]))

    @property
    def rule(self) -> str:
        """The rule of comparing, in words."""
        numbers = "numbers to the last digit" if self.scale is None else f"numbers rounded to {self.scale} decimal places"
        return f"{numbers}, null equal to {'null and 0' if self.is_null_zero else 'null only'}"


def mirror_of(projection: Projection) -> Mirror:
    """What `[model]` of its file says. Raises UsageError with what is wrong."""
    try:
        return _mirror(projection, projection.model)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{projection.name}: [model] {error}") from None


def _mirror(projection: Projection, written: Mapping[str, object]) -> Mirror:
    for key in written:
        known(key, _KEYS)
    labels, measures = [label.name for label in projection.labels], [one.name for one in projection.measures]
    table, query = _text(written, "table"), _text(written, "query")
    if table and query:
        raise ValueError("table: either this or query")
    window = _text(written, "window")
    if bool(window) is not (projection.window_us is not None):
        wanted = "name the column with the beginning of the window" if projection.window_us is not None else "the projection has no windows"
        raise ValueError(f"window: {wanted}")
    zone, unit = _text(written, "zone"), _text(written, "unit")
    if unit and unit not in UNITS:
        raise ValueError(f"unit: {unit!r} is not known; one of {', '.join(UNITS)}")
    null = _text(written, "null") or "null"
    if null not in _NULLS:
        raise ValueError(f"null: {null!r} is not known; one of {', '.join(_NULLS)}")
    return Mirror(
        keys=_columns(written, "keys", labels, all_of_them=True),
        values=_columns(written, "values", measures, all_of_them=False),
        table=table,
        query=query,
        window=window,
        checkpoint=_checkpoint(written.get("checkpoint")),
        log=_text(written, "log") or None,
        partition=_whole(written, "partition"),
        zone=parse_zone(zone) if zone else None,
        unit=unit or None,
        scale=_whole(written, "scale", most=_MOST_SCALE),
        is_null_zero=null == "zero",
        null_texts=_texts(written.get("null_texts", [""])),
    )


def _text(written: Mapping[str, object], key: str) -> str:
    found = written.get(key, "")
    if not isinstance(found, str):
        raise TypeError(f"{key}: a text is wanted, in quotes")
    return found


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise TypeError("null_texts: a list of texts is wanted")
    return tuple(found)


def _whole(written: Mapping[str, object], key: str, *, most: int = 2**31) -> int | None:
    found = written.get(key)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= most:
        raise TypeError(f"{key}: a whole number up to {most:,} is wanted")
    return found


def _columns(written: Mapping[str, object], key: str, names: Sequence[str], *, all_of_them: bool) -> dict[str, str]:
    found = written.get(key, {name: name for name in names})
    if not isinstance(found, dict) or not all(isinstance(column, str) and column for column in found.values()):
        raise TypeError(f'{key}: write {{ {names[0] if names else "label"} = "column" }}')
    for name in found:
        if name not in names:
            raise ValueError(f"{key}: the projection has no {name!r}; it has {', '.join(names) or 'none'}")
    if all_of_them and set(found) != set(names):
        raise ValueError(f"{key}: a column is wanted for each of {', '.join(names)}")
    if not all_of_them and not found:
        raise ValueError(f"{key}: nothing is to be compared")
    return {name: found[name] for name in names if name in found}


def _checkpoint(written: object) -> Checkpoint | None:
    if written is None:
        return None
    if not isinstance(written, dict):
        raise TypeError('checkpoint: write { table = "…", column = "…" }, { column = "…" } or { query = "SELECT …" }')
    for key in written:
        if key not in _CHECKPOINT:
            raise ValueError(f"checkpoint: {key!r} is not known; one of {', '.join(_CHECKPOINT)}")
    where, kind = written.get("where", {}), written.get("is", "position")
    if not isinstance(where, dict) or not all(isinstance(one, str | int) for one in where.values()):
        raise TypeError('checkpoint: where: write { name = "stock" }')
    for name, one in where.items():
        if isinstance(one, int) and not -_BEYOND <= one < _BEYOND:
            raise ValueError(f"checkpoint: where: {name} is beyond what a database holds as a whole number")
    if kind not in {"position", "time"}:
        raise ValueError('checkpoint: is: "position" or "time"')
    made = Checkpoint(_text(written, "query"), _text(written, "table"), _text(written, "column"), where, kind == "time")
    if bool(made.query) is bool(made.column):
        raise ValueError("checkpoint: give a column, or a query")
    return made
