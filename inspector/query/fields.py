"""What stands at places of events' documents and headers, for many events at once, cut to what a list shows. Masks are obeyed.

Read `places` for what a place is.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from typing import Any

import orjson

from inspector.capture.reader import CaptureReader
from inspector.capture.rows import FROM
from inspector.masks import SIGN
from inspector.query.places import FieldPlace

MOST_CHARACTERS = 1_024
_CLEAR = {"data": "event.data -> ", "metadata": "event.metadata -> "}
_MASKED = {"data": "json(event.data) -> ", "metadata": "json(event.metadata) -> "}
_HEADERS = "record.headers"


def read_fields(reader: CaptureReader, seqs: Sequence[int], places: Sequence[FieldPlace]) -> dict[int, tuple[str | None, ...]]:
    """By event number the text at each place: JSON's own writing of what is no text; None where nothing stands."""
    documents = _CLEAR if reader.masks is None else _MASKED
    bindings: dict[str, Any] = {"seqs": orjson.dumps(list(seqs)).decode(), "most": MOST_CHARACTERS + 1}
    columns = ["event.seq"]
    for number, place in enumerate(places):
        if place.root in documents:
            columns.append(f"substr({documents[place.root]}:p{number}, 1, :most)")
            bindings[f"p{number}"] = place.path
        else:
            columns.append(_HEADERS)
    listed = ", ".join(columns)
    sql = reader.shown(f"SELECT {listed} FROM {FROM} WHERE event.seq IN (SELECT value FROM json_each(:seqs))")
    found = {}
    for seq, *texts in reader.select(sql, bindings):
        pairs = zip(texts, places, strict=True)
        found[seq] = tuple(_json(text) if place.root in documents else _header(text, place.path) for text, place in pairs)
    return found


def place_filter(reader: CaptureReader, seq: int, place: FieldPlace, *, exclude: bool = False) -> str:
    """The filter for events with the same at `place` as the event `seq`, or for all others; empty for what makes none."""
    if place.root == "headers":
        rows = reader.select(reader.shown(f"SELECT {_HEADERS} FROM {FROM} WHERE event.seq = ?"), (seq,))
        values = _values(rows[0][0], place.path) if rows else []
        texts = [value for value in values if isinstance(value, str)]
        if values and not texts:
            return ""
        literal = json.dumps(texts[0], ensure_ascii=False) if texts else None
    else:
        document = (_CLEAR if reader.masks is None else _MASKED)[place.root]
        sql = reader.shown(f"SELECT substr({document}:path, 1, :most) FROM {FROM} WHERE event.seq = :seq")
        rows = reader.select(sql, {"path": place.path, "most": MOST_CHARACTERS + 1, "seq": seq})
        literal = rows[0][0] if rows and isinstance(rows[0][0], str) else None
    if literal is None:
        return f"has({place.text})" if exclude else f"!has({place.text})"
    if literal[0] in "{[" or len(literal) > MOST_CHARACTERS or SIGN in literal:
        return ""
    if literal[0] == '"':
        literal = json.dumps(json.loads(literal), ensure_ascii=False)
    same = f"{place.text} == {literal}"
    return f"(!has({place.text}) || !({same}))" if exclude else same


def _json(text: Any) -> str | None:
    """What JSON text says: a text without its quotes, anything else as it is written."""
    if not isinstance(text, str):
        return None
    is_cut, more = len(text) > MOST_CHARACTERS, "…" if len(text) > MOST_CHARACTERS else ""
    if not text.startswith('"'):
        return text[:MOST_CHARACTERS] + more
    if not is_cut:
        return str(json.loads(text))
    for end in range(len(text), len(text) - 12, -1):  # the cut may lie inside an escape
        with contextlib.suppress(ValueError):
            return str(json.loads(f'{text[:end]}"')) + more
    return text + more


def _header(text: Any, name: str) -> str | None:
    """The values of all headers of that name."""
    shown = [value if isinstance(value, str) else orjson.dumps(value).decode() for value in _values(text, name)]
    return " · ".join(shown)[:MOST_CHARACTERS] if shown else None


def _values(text: Any, name: str) -> list[Any]:
    try:
        return [value for each, value in orjson.loads(text) if each == name]
    except (ValueError, TypeError):
        return []
