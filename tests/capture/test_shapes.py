"""The shapes of documents that declare no version: places and kinds, counted over the newest of them."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path

from inspector.capture.reader import CaptureReader
from inspector.capture.shapes import Shapes, plain_places, shapes
from inspector.capture.versions import versions
from inspector.masks import parse
from tests.app import schema_captures as made


def shapes_of(path: Path, name: str, **options: int) -> Shapes:
    with CaptureReader(path) as reader:
        type_id = next(one.id for one in versions(reader) if one.name == name)
        return shapes(reader, type_id, **options)


def test_shapes_are_ranked_and_differ_from_the_most_used(tmp_path: Path) -> None:
    found = shapes_of(made.shop(tmp_path / "a.evcap"), "PaymentAuthorised")
    assert [shape.events for shape in found.shapes] == [80, 40, 20, 20]
    assert found.shapes[0].places == ("amount: number", "currency: string")
    assert found.shapes[1].added == ("card.network: string", "card: object")
    with_lines = next(shape for shape in found.shapes if "lines: array" in shape.added)
    assert with_lines.places == ("amount: number", "lines: array", "lines[].sku: string", "lines[]: object")
    assert with_lines.missing == ("currency: string",)
    assert (found.sample, found.events, found.left_out) == (160, 160, 0)


def test_only_the_newest_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    for first in range(0, 4_000, 500):
        events = [made.Made(json.dumps({"n" if first < 3_000 else "m": place}).encode(), "T") for place in range(500)]
        made.write(path, events, first=first)
    found = shapes_of(path, "T", most=1_200)
    assert [(shape.places, shape.events) for shape in found.shapes] == [(("m: number",), 1_000), (("n: number",), 200)]
    assert (found.sample, found.events) == (1_200, 4_000)
    assert found.shapes[0].newest_seq == 4_000
    assert found.shapes[0].first_us == made.START_US + 3_000_000_000


def test_odd_names_and_kinds_are_told_apart(tmp_path: Path) -> None:
    documents = [b'{"a[0]":1,"b.c":true,"d e":null,"f\\"g":[1,"x"]}', b"[1,2]", b'"text"', b"{}"]
    found = shapes_of(made.write(tmp_path / "a.evcap", [made.Made(value, "T") for value in documents]), "T")
    assert sorted(shape.places for shape in found.shapes) == [
        (),
        ('"a[0]": number', '"b.c": boolean', '"d e": null', '"f\\"g": array', '"f\\"g"[]: number', '"f\\"g"[]: string'),
        ("[]: number", "the document: array"),
        ("the document: string",),
    ]
    assert plain_places(("a.b: number", '"d e": null', "x[].y: string", "the document: array")) == {"a.b": "number"}


def test_a_large_document_is_counted_and_not_looked_into(tmp_path: Path) -> None:
    large = b'{"a":"' + b"x" * 100_000 + b'"}'
    found = shapes_of(made.write(tmp_path / "a.evcap", [made.Made(large, "T"), made.Made(b'{"a":1}', "T")]), "T")
    assert (found.too_large, found.sample, len(found.shapes)) == (1, 1, 1)


def test_long_names_at_every_level_take_no_memory_and_no_time(tmp_path: Path) -> None:
    def deep(number: int) -> bytes:
        return (f'{{"{"k" * 55}{number:02d}":' * 900 + "1" + "}" * 900).encode()

    path = made.write(tmp_path / "a.evcap", [made.Made(deep(number), "T") for number in range(20)])
    tracemalloc.start()
    before = time.process_time()
    found = shapes_of(path, "T")
    assert time.process_time() - before < 5
    assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    tracemalloc.stop()
    assert found.sample > 0
    assert all(len(place) < 1_000 for shape in found.shapes for place in shape.places)


def test_the_time_is_looked_at_with_every_document(tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.Made(b'{"a":1}', "T")] * 100)
    with CaptureReader(path) as reader:
        assert shapes(reader, versions(reader)[0].id, most_s=0.0).sample == 1


def test_what_masks_hide_has_no_places_below(tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.Made(b'{"by_email":{"ann@example.org":1}}', "T")])
    with CaptureReader(path) as reader:
        reader.hide(parse('[masks]\npaths = ["data.by_email"]'))
        found = shapes(reader, versions(reader)[0].id)
    assert found.shapes[0].places == ("by_email: string",)


def test_a_type_without_documents_has_no_shapes(tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.Made(b"plain", "T", decoder="text")])
    found = shapes_of(path, "T")
    assert (found.shapes, found.sample, found.events) == ([], 0, 1)
