"""Folders and files of schemas as a place: by number, by name, by fingerprint, and out of what registries export."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.event import Schema
from inspector.schemas import SchemaUnavailableError
from inspector.schemas.exports import exported
from inspector.schemas.folder import Folder
from inspector.schemas.places import schema_names
from inspector.schemas.protobuf import compiled
from inspector.schemas.protobuf_reader import Reader, reader_of
from inspector.schemas.references import MOST

ORDER = '{"type": "record", "name": "Order", "namespace": "shop", "fields": [{"name": "n", "type": "long"}]}'
GUID = "a1b2c3d4-0000-4000-8000-000000000001"


def folder(path: Path, **files: str | bytes) -> Folder:
    """A folder with these files; `__` stands for a dot and `_in_` for a slash in their names."""
    for name, content in files.items():
        file = path / name.replace("_in_", "/").replace("__", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Folder(path)


def found(place: Folder, wire: str, log: str = "orders") -> Schema:
    schema = place.fetch(wire, log, "value")
    assert schema is not None
    return schema


def test_a_number_in_the_name_of_a_file_is_the_schemas(tmp_path: Path) -> None:
    place = folder(tmp_path, **{"42__avsc": ORDER, "orders-value-v3__id7__avsc": ORDER, "pay-value__id8__proto": 'syntax = "proto3";'})
    assert (found(place, "id:42").text, found(place, "id:42").kind, place.is_final) == (ORDER, "AVRO", True)
    assert (found(place, "id:7").subject, found(place, "id:7").version) == ("orders-value", 3)
    assert (found(place, "id:8").kind, found(place, "id:8").subject) == ("PROTOBUF", "pay-value")
    assert place.fetch("id:3", "orders", "value") is None


def test_a_map_says_which_file_has_which_number(tmp_path: Path) -> None:
    ids = {"42": "a/order.avsc", GUID: "a/order.avsc", "global:9": {"file": "s.json", "subject": "o-value", "version": 2}}
    place = folder(tmp_path, ids__json=json.dumps(ids), a_in_order__avsc=ORDER, s__json='{"title": "O", "type": "object"}')
    assert found(place, "id:42").text == found(place, f"guid:{GUID}").text == ORDER
    assert (found(place, "global:9").kind, found(place, "global:9").subject, found(place, "global:9").version) == ("JSON", "o-value", 2)


def test_a_map_may_be_toml_and_its_mistakes_are_said(tmp_path: Path) -> None:
    assert found(folder(tmp_path / "a", ids__toml='42 = "o.avsc"', o__avsc=ORDER), "id:42").text == ORDER
    with pytest.raises(UsageError, match=r"there is no file missing\.avsc"):
        folder(tmp_path / "b", ids__toml='42 = "missing.avsc"', o__avsc=ORDER)
    with pytest.raises(UsageError, match=r'"x y" is not said as "42"'):
        folder(tmp_path / "c", ids__json='{"x y": "o.avsc"}', o__avsc=ORDER)
    with pytest.raises(UsageError, match=r"ids\.toml is wrong"):
        folder(tmp_path / "d", ids__toml="= =", o__avsc=ORDER)


def test_an_avro_schema_is_found_by_its_fingerprint(tmp_path: Path) -> None:
    place = folder(tmp_path, n__avsc='"null"', both__avsc=f'[{ORDER}, "null"]')
    assert found(place, "crc64:63dd24e7cc258f8a").text == '"null"', "the value in Avro's own tests"
    single = folder(tmp_path / "single", o__avsc=ORDER)
    wire = next(wire for wire in single._catalogue._by_wire if wire.startswith("crc64:"))
    assert found(place, wire).kind == "AVRO", "a type of a list is found too"


def test_protobuf_files_come_with_what_they_import_from_the_folder(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        p_in_money__proto='syntax = "proto3"; import "p/base.proto";',
        p_in_base__proto="message Base {}",
        pay__id5__proto='syntax = "proto3"; import "p/money.proto"; import "google/protobuf/any.proto"; package shop; message Pay {}',
    )
    assert [one.name for one in found(place, "id:5").references] == ["p/base.proto", "p/money.proto"]
    assert found(place, "name:shop.Pay").text == found(place, "id:5").text


def test_imports_are_followed_in_order_and_in_circles(tmp_path: Path) -> None:
    files = {"1__proto": 'import "a.proto";', "x_in_a__proto": 'import "b.proto";', "x_in_b__proto": 'import "a.proto";'}
    assert [one.name for one in found(folder(tmp_path, **files), "id:1").references] == ["b.proto", "a.proto"]


def test_a_chain_of_imports_is_followed_as_far_as_any_is_read(tmp_path: Path) -> None:
    files = {f"{number}__proto": f'import "{number + 1}.proto";' for number in range(1, 1201)}
    place = folder(tmp_path, **files)
    assert [one.name for one in found(place, "id:1").references] == [f"{number}.proto" for number in range(MOST + 1, 1, -1)]
    assert [one.name for one in found(place, "id:1195").references] == [f"{number}.proto" for number in range(1200, 1195, -1)]


def test_a_folder_of_blank_lines_is_read_quickly(tmp_path: Path) -> None:
    begun_s = time.monotonic()
    place = folder(tmp_path, **{"1__proto": "\n" * 500_000 + 'import "2.proto";\n  message A {}', "2__proto": "\n" * 500_000})
    assert time.monotonic() - begun_s < 5
    assert [one.name for one in found(place, "name:A").references] == ["2.proto"]


def test_a_descriptor_set_is_taken_as_it_is(tmp_path: Path) -> None:
    described = FileDescriptorSet(file=[FileDescriptorProto(name="shop.proto", package="shop")])
    described.file[0].message_type.add(name="Order")
    content = described.SerializeToString()
    schema = found(folder(tmp_path, shop__id6__desc=content), "name:shop.Order")
    assert (schema.kind, schema.compiled) == ("PROTOBUF", content)
    assert "// shop.proto: shop.Order" in (schema.text or "")
    assert found(Folder(tmp_path / "shop.id6.desc"), "id:6").compiled == content


NESTED = """syntax = "proto3"; // message Comment {
package shop;
/* message Other {
} */
import "google/protobuf/api.proto";
message Order { option (note) = "message Text {"; message Line
{ message Part {} } Line line = 1; oneof x { string y = 2; } map<string, Line> lines = 3; }
enum Kind { none = 0; } message Refund { google.protobuf.Api api = 1; }
"""
MESSAGES = ["shop.Order", "shop.Order.Line", "shop.Order.Line.Part", "shop.Refund"]


def test_messages_are_found_by_their_full_names_nested_ones_too(tmp_path: Path) -> None:
    assert schema_names("PROTOBUF", NESTED) == MESSAGES
    compiles = NESTED.replace('option (note) = "message Text {";', "")
    described = FileDescriptorSet.FromString(compiled(compiles))
    without = FileDescriptorSet(file=[file for file in described.file if not file.name.startswith("google/")]).SerializeToString()
    for number, content in enumerate((compiles.encode(), described.SerializeToString(), without)):
        place = folder(tmp_path / str(number), **{"shop__proto" if number == 0 else "shop__binpb": content})
        for name in MESSAGES:
            reader = reader_of(found(place, f"name:{name}"))
            assert isinstance(reader, Reader), reader
            assert reader.find(name) is not None
        assert place.fetch("name:shop.Line", "orders", "value") is None


@given(st.text(alphabet='message Ab{}"/*\n', max_size=200))
def test_no_text_breaks_the_search_for_names(text: str) -> None:
    assert all(schema_names("PROTOBUF", text))


@pytest.mark.parametrize("part", ["/*", '"', "message ", "message A {", "message A" + " " * 100, "{", "//", "'\\"])
def test_the_search_for_names_is_quick_whatever_the_text(part: str) -> None:
    begun = time.perf_counter()
    schema_names("PROTOBUF", part * (1_000_000 // len(part)))
    assert time.perf_counter() - begun < 5


# ---- exports

LISTED: list[dict[str, Any]] = [
    {"subject": "money", "version": 1, "id": 1, "schemaType": "PROTOBUF", "schema": "message M {}"},
    {"subject": "pay-value", "version": 2, "id": 2, "guid": GUID, "schemaType": "PROTOBUF", "schema": "import",
     "references": [{"name": "m.proto", "subject": "money", "version": 1}]},
    {"subject": "orders-value", "version": 1, "id": 3, "schema": ORDER},
]  # fmt: skip


def topic_records() -> list[tuple[str, str | None]]:
    keys = [json.dumps({"keytype": "SCHEMA", "subject": one["subject"], "version": one["version"], "magic": 1}) for one in LISTED]
    values = [json.dumps({**one, "deleted": False}) for one in LISTED]
    config = ('{"keytype":"CONFIG","subject":null,"magic":0}', '{"compatibilityLevel":"FULL"}')
    return [config, *zip(keys, values, strict=True), (keys[0], None)]


EXPORTS = {
    "list.json": json.dumps(LISTED),
    "object.json": json.dumps({"schemas": LISTED}),
    "lines.jsonl": "\n".join(map(json.dumps, LISTED)),
    "console.txt": "\n".join(f"{key}\t{value or 'null'}" for key, value in topic_records()),
    "console-times.txt": "\n".join(f"CreateTime:1764100000000\tPartition:0\t{key}\t{value or 'null'}" for key, value in topic_records()),
    "kcat.jsonl": "\n".join(json.dumps({"topic": "_schemas", "key": key, "payload": value}) for key, value in topic_records()),
    "eventscope.jsonl": "\n".join(json.dumps({"log": "_schemas", "key": key, "value": value}) for key, value in topic_records()),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_what_registries_export_is_read(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(EXPORTS[name] + "\n")
    for place in (Folder(file), Folder(tmp_path)):
        assert found(place, "id:3").text == ORDER
        schema = found(place, f"guid:{GUID}")
        assert (schema.subject, schema.version, schema.kind) == ("pay-value", 2, "PROTOBUF")
        assert [(one.name, one.text) for one in schema.references] == [("m.proto", "message M {}")]


def test_apicurios_export_is_read(tmp_path: Path) -> None:
    file = tmp_path / "all-artifacts.zip"
    with zipfile.ZipFile(file, "w") as archive:
        named = '[{"groupId":null,"artifactId":"money","version":"1","name":"m.proto"}]'
        for number, text, references in ((4, "message M {}", None), (5, "import", named)):
            archive.writestr(f"content/{number}.Content.json", json.dumps({"contentId": number, "serializedReferences": references}))
            archive.writestr(f"content/{number}.Content.data", text)
        for number, artifact in ((4, "money"), (5, "pay-value")):
            version = {"globalId": number + 10, "contentId": number, "artifactId": artifact, "version": "1", "artifactType": "PROTOBUF"}
            archive.writestr(f"groups/default/artifacts/{artifact}/versions/1.ArtifactVersion.json", json.dumps(version))
    place = Folder(file)
    for wire in ("id:5", "content:5", "global:15"):
        assert (found(place, wire).subject, [one.text for one in found(place, wire).references]) == ("pay-value", ["message M {}"])


def test_a_reference_that_an_export_lacks_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(LISTED[1:]))
    with pytest.raises(SchemaUnavailableError, match="money version 1"):
        Folder(tmp_path).fetch("id:2", "pay", "value")


ANY = st.binary(max_size=300)
DAMAGED = st.builds(lambda text, cut, more: text.encode()[cut:] + more, st.sampled_from(list(EXPORTS.values())), st.integers(0, 200), ANY)
NAMES = st.sampled_from(["schema", "subject", "id", "references", "key", "value", "version", "schemas", "x"])
PLAIN = st.none() | st.text(max_size=5) | st.integers()


@given(ANY | DAMAGED)
def test_no_bytes_break_the_reading_of_an_export(content: bytes) -> None:
    assert all(entry.kind for entry in exported(content))


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)))
def test_no_document_breaks_the_reading_of_an_export(document: object) -> None:
    assert all(entry.kind for entry in exported(json.dumps(document).encode()))


def test_a_place_without_schemas_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "broken.avsc").write_text("{")
    with pytest.raises(UsageError, match="holds no schema"):
        Folder(tmp_path)
    with pytest.raises(UsageError, match="there is no folder or file"):
        Folder(tmp_path / "nowhere")
