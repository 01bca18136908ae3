"""How rows of delimited text are written: which sign parts the cells, which one quotes, whether there is a head. Told by a sample. Pure.

A delimiter is taken where most rows have the same number of cells. Read `csv_table` for who reads by it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspector.errors import UsageError
from inspector.formats import Settings

_DELIMITERS = (",", "\t", ";", "|", "\x01")
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_WORDS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
_LOOKED_AT = 100
_ENOUGH = 0.8
_NUMBER = re.compile(r"[-+]?\d[\d.,:TZ eE+-]*\Z")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How rows are written. `share` of the rows looked at have `columns` cells."""

    delimiter: str
    quote: str
    has_header: bool
    share: float = 1.0
    columns: int = 0

    @classmethod
    def of(cls, settings: Settings) -> Dialect:
        """As settings say. Raises UsageError."""
        delimiter, quote = str(settings.get("delimiter", ",")), str(settings.get("quote", '"'))
        delimiter = _NAMES.get(delimiter, delimiter)
        if len(delimiter) != 1 or delimiter in "\r\n" or len(quote) > 1 or quote == delimiter:
            raise UsageError(f"delimiter {delimiter!r} and quote {quote!r}: each is one sign, such as --set delimiter=;")
        return cls(delimiter, quote, str(settings.get("header", "yes")).lower() not in {"no", "none", "false", "0"})

    def settings(self) -> dict[str, object]:
        """What the user may change."""
        return {"delimiter": self.delimiter, "quote": self.quote, "header": "yes" if self.has_header else "no"}

    def options(self) -> dict[str, Any]:
        """For the parser of the standard library."""
        if not self.quote:
            return {"delimiter": self.delimiter, "quoting": csv.QUOTE_NONE, "strict": True}
        return {"delimiter": self.delimiter, "quotechar": self.quote, "strict": True}

    def words(self) -> str:
        """What parts the cells, for people."""
        return _WORDS.get(self.delimiter, repr(self.delimiter))


def dialect_of(text: str, *, is_whole: bool) -> Dialect | None:
    """The dialect in which most rows have the same number of cells, more than one; None for none."""
    best: Dialect | None = None
    for delimiter in _DELIMITERS:
        rows = _rows(text.removeprefix("\ufeff"), delimiter, is_whole=is_whole)
        if not rows:
            continue
        (width, count), *_ = Counter(map(len, rows)).most_common(1)
        share = count / len(rows)
        if width < 2 or share < _ENOUGH:
            continue
        found = Dialect(delimiter, '"', _has_header(rows), share, width)
        if best is None or (found.share, found.columns) > (best.share, best.columns):
            best = found
    return best


def _rows(text: str, delimiter: str, *, is_whole: bool) -> list[list[str]]:
    """The first rows, as far as they can be read; one that the sample cuts is left out."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > _LOOKED_AT:
                return rows[:-1]
    except csv.Error:
        return rows
    return rows if is_whole else rows[:-1]


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns: short texts, each once, no numbers, and other than what stands below them."""
    first, others = rows[0], rows[1:20]
    if len(set(first)) < len(first) or any(_NUMBER.match(cell) or len(cell) > 100 or not cell.strip() for cell in first):
        return False
    if not others:
        return True
    return not any(
        cell in (row[number] if number < len(row) else "") for row in others for number, cell in enumerate(first) if len(cell) > 3
    )
