"""What every decoder that shows bytes must say of a document it read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inspector.decoders import Path, Spans


def at(document: Any, path: Path) -> Any:
    """What a document has at `path`."""
    for step in path:
        document = document[step]
    return document


def places(document: Any, path: Path = ()) -> Iterator[Path]:
    """All paths of a document, containers before their members."""
    yield path
    if isinstance(document, dict):
        for name, member in document.items():
            yield from places(member, (*path, name))
    elif isinstance(document, list):
        for number, member in enumerate(document):
            yield from places(member, (*path, number))


def check_spans(spans: Spans, document: Any) -> None:
    """Every place of the document has its bytes, each within those of its container, and in the order of the document."""
    assert [field.path for field in spans.fields] == list(places(document))
    known = {field.path: field for field in spans.fields}
    for field in spans.fields:
        assert field.start <= field.end
        if field.path:
            above = known[field.path[:-1]]
            assert above.start <= field.start <= field.end <= above.end
