"""From a field's place in a document to its row in the tree, and in words. Pure; no Qt.

Read `inspector.capture.explaining` for the bytes of fields, `app.hex_view` for the use.
"""

from __future__ import annotations

from app.models import jsonb
from inspector.decoders import FieldSpan, Path
from inspector.query.json_path import path_step

_MOST_PLACE = 2_000
"""A member further down among its siblings is not gone to: all before it would have to be made."""


def route_of(blob: bytes, steps: Path) -> tuple[int, ...]:
    """The way to a place by places of members, of repeated names the first; it ends where the document has no such place."""
    route: list[int] = []
    try:
        owner = jsonb.part(blob)
        for step in steps:
            place, owner = _member(blob, owner, step)
            route.append(place)
    except (ValueError, LookupError):
        pass  # damaged, or another document than the value's: as far as it goes
    return tuple(route)


def _member(blob: bytes, owner: jsonb.Part, step: str | int) -> tuple[int, jsonb.Part]:
    for place, one in enumerate(jsonb.members(blob, owner) if owner.is_container else ()):
        name = place if one.name is None else jsonb.text(blob, one.name)
        if name == step:
            return place, one.value
        if place >= _MOST_PLACE:
            break
    raise LookupError(step)


def path_words(path: Path) -> str:
    """A place as the filter language writes it, such as `data.items[0].price`."""
    words = "data"
    for step in path:
        words = path_step(words, str(step), is_element=isinstance(step, int))
    return words


def span_words(span: FieldSpan, size: int) -> str:
    """`bytes 12–19 of 48 · data.items[0].price`."""
    if span.end - span.start == 1:
        where = f"byte {span.start:,} of {size:,}"
    elif span.start == span.end:
        where = f"no byte of {size:,}"
    else:
        where = f"bytes {span.start:,}–{span.end - 1:,} of {size:,}"
    return f"{where} · {path_words(span.path)}"
