"""Protobuf schemas: texts, descriptors and folders to sets, and what a hostile one can do."""

from __future__ import annotations

import base64
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import Reference, Schema
from inspector.schemas.protobuf import compiled, compiled_folder, described_set, with_compiled
from inspector.schemas.protobuf_reader import Reader, reader_of

ADDRESS = 'syntax = "proto3"; package a; message Address { string city = 1; }'
ORDER = """syntax = "proto3";
package shop;
import "a/address.proto";
import "google/protobuf/timestamp.proto";
message Order { string id = 1; a.Address to = 2; google.protobuf.Timestamp at = 3; }
"""


def names(content: bytes) -> list[str]:
    return [file.name for file in FileDescriptorSet.FromString(content).file]


def encoded(content: bytes) -> dict[str, str]:
    """Every file of a set as registries give it in their serialised form."""
    return {file.name: base64.b64encode(file.SerializeToString()).decode() for file in FileDescriptorSet.FromString(content).file}


def test_a_text_with_imports_is_a_set_with_its_own_file_last() -> None:
    content = compiled(ORDER, [Reference("a/address.proto", ADDRESS)])
    assert names(content)[-1] == "schema.proto"
    assert set(names(content)) == {"a/address.proto", "google/protobuf/timestamp.proto", "schema.proto"}
    assert [message.full_name for message in Reader(content).messages] == ["shop.Order"]


def test_descriptors_in_base64_are_texts_too() -> None:
    content = compiled(ORDER, [Reference("a/address.proto", ADDRESS)])
    files = encoded(content)
    for own in (ORDER, files["schema.proto"]):
        for address in (ADDRESS, files["a/address.proto"]):
            assert compiled(own, [Reference("a/address.proto", address)]) == content


def test_what_does_not_compile_says_where() -> None:
    with pytest.raises(ValueError, match=r"\Aline 2, column 20: \"Missing\" is not defined") as failed:
        compiled('syntax = "proto3";\nmessage Order {    Missing id = 1; Lost more = 2; }')
    assert str(failed.value).endswith('; line 2, column 36: "Lost" is not defined.')
    with pytest.raises(ValueError, match=r"\Aan import cannot|\Aa.proto:1:") as failed:
        compiled('syntax = "proto3"; import "a.proto";', [Reference("a.proto", "message {")])
    assert "\n" not in str(failed.value)


def test_imports_that_are_missing_say_which_folder_to_give() -> None:
    with pytest.raises(ValueError, match="imports") as failed:
        compiled(ORDER)
    assert str(failed.value) == (
        "it imports a/address.proto, which is not there; of a folder of schemas, give the one that imports start from"
    )


@pytest.mark.parametrize("name", ["../x.proto", "/etc/x.proto", "a/../../x.proto", "c:\\x.proto", "@x", "-I.", "", "a\nb", "x/"])
def test_an_import_stays_in_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="an import cannot be called"):
        compiled(ORDER, [Reference(name, ADDRESS)])


def test_texts_named_as_python_modules_are_never_run(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    code = f"open({str(proof)!r}, 'w').close()"
    references = [Reference(name, code) for name in ("grpc_tools/protoc.py", "grpc_tools/__init__.py", "os.py", "sitecustomize.py")]
    assert names(compiled('syntax = "proto3"; message M {}', references)) == ["schema.proto"]
    assert not proof.exists()


def test_a_built_in_file_cannot_be_replaced() -> None:
    false = 'syntax = "proto3"; package google.protobuf; message Timestamp { string text = 1; }'
    content = compiled(
        'syntax = "proto3"; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp at = 1; }',
        [Reference("google/protobuf/timestamp.proto", false)],
    )
    file = next(file for file in FileDescriptorSet.FromString(content).file if file.name == "google/protobuf/timestamp.proto")
    assert [field.name for field in file.message_type[0].field] == ["seconds", "nanos"]


def test_confluents_own_files_need_no_reference() -> None:
    text = 'syntax = "proto3"; import "confluent/type/decimal.proto"; message M { confluent.type.Decimal amount = 1; }'
    content = compiled(text)
    assert names(content) == ["confluent/type/decimal.proto", "schema.proto"]
    assert compiled(encoded(content)["schema.proto"]) == content


def test_a_reference_called_like_the_schema_is_no_clash() -> None:
    text = 'syntax = "proto3"; import "schema.proto"; message M { a.Address to = 1; }'
    assert names(compiled(text, [Reference("schema.proto", ADDRESS)])) == ["schema.proto", "_schema.proto"]


def test_editions_and_proto2_are_read() -> None:
    assert Reader(compiled('edition = "2023"; message M { int32 a = 1; }')).first
    assert Reader(compiled('syntax = "proto2"; message M { optional group G = 1 { optional int32 a = 1; } }')).first


def test_a_compiler_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(command: list[str], *, timeout: float, **others: Any) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hangs)
    with pytest.raises(ValueError, match="protoc was stopped after 20 s"):
        compiled(ADDRESS)


def test_a_compiler_that_crashes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    crashed = subprocess.CompletedProcess[bytes]([], -11, b"", b"")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: crashed)
    with pytest.raises(ValueError, match="protoc ended with -11"):
        compiled(ADDRESS)


def test_the_compiler_is_started_without_a_shell_and_without_the_folder_on_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    run = subprocess.run

    def noted(command: list[str], **others: Any) -> Any:
        commands.append(command)
        assert "shell" not in others
        return run(command, **others)

    monkeypatch.setattr(subprocess, "run", noted)
    compiled(ADDRESS)
    assert commands[0][:4] == [sys.executable, "-P", "-m", "grpc_tools.protoc"]


def test_texts_beyond_all_measure_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 8 MB"):
        compiled(ADDRESS, [Reference("b.proto", "x" * 9_000_000)])


def test_a_place_compiles_what_it_fetches() -> None:
    fetched = Schema("id:1", kind="PROTOBUF", text=ORDER, references=(Reference("a/address.proto", ADDRESS),))
    ready = with_compiled(fetched)
    assert ready.compiled == compiled(ORDER, fetched.references)
    assert (ready.wire, ready.text, ready.references) == (fetched.wire, ORDER, fetched.references)
    for other in (ready, Schema("id:2"), Schema("id:3", kind="AVRO", text='"int"'), Schema("id:4", kind="PROTOBUF", text="nonsense")):
        assert with_compiled(other) is other


def test_a_schema_without_a_set_is_compiled_when_it_is_needed() -> None:
    assert isinstance(reader_of(Schema("id:1", kind="PROTOBUF", text=ADDRESS)), Reader)
    broken = reader_of(Schema("id:7", kind="PROTOBUF", text="nonsense", subject="orders-value", version=3))
    assert isinstance(broken, str)
    assert broken.startswith("orders-value version 3 (schema 7) does not compile: line 1, column 1:")


def test_a_folder_gives_a_set_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "address.proto").write_text(ADDRESS, encoding="utf-8")
    (tmp_path / "order.proto").write_text(ORDER, encoding="utf-8")
    (tmp_path / "order.desc").write_bytes(compiled(ORDER, [Reference("a/address.proto", ADDRESS)]))
    (tmp_path / "notes.txt").write_text("none of these", encoding="utf-8")
    (tmp_path / "image.pb").write_bytes(b"\x89PNG")
    found = {path.relative_to(tmp_path).as_posix(): names(content)[-1] for path, content in compiled_folder(tmp_path)}
    assert found == {"a/address.proto": "a/address.proto", "order.proto": "order.proto", "order.desc": "schema.proto"}


def test_a_file_that_does_not_compile_takes_no_other_with_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "good.proto").write_text(ADDRESS, encoding="utf-8")
    (tmp_path / "bad.proto").write_text("nonsense", encoding="utf-8")
    (tmp_path / "-evil.proto").write_text(ADDRESS, encoding="utf-8")
    assert [path.name for path, _ in compiled_folder(tmp_path)] == ["good.proto"]
    assert "bad.proto:1:1" in caplog.text


def test_a_set_without_the_built_in_files_is_completed() -> None:
    files = FileDescriptorSet.FromString(compiled(ORDER, [Reference("a/address.proto", ADDRESS)])).file
    bare = FileDescriptorSet(file=[file for file in files if not file.name.startswith("google/")])
    assert names(described_set(bare.SerializeToString())) == names(FileDescriptorSet(file=files).SerializeToString())
    incomplete = FileDescriptorSet(file=[files[-1]])
    with pytest.raises(ValueError, match=r"imports a/address.proto, which is not there"):
        described_set(incomplete.SerializeToString())


def test_files_that_import_each_other_are_refused() -> None:
    files = [FileDescriptorProto(name="a", dependency=["b"]), FileDescriptorProto(name="b", dependency=["a"])]
    with pytest.raises(ValueError, match="imports itself"):
        described_set(FileDescriptorSet(file=files).SerializeToString())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_set_or_refused(content: bytes) -> None:
    with suppress(ValueError):
        Reader(described_set(content))


SAMPLE = compiled(ORDER, [Reference("a/address.proto", ADDRESS)])


@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_set_is_a_set_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(SAMPLE)
    for place, byte in changes:
        content[place] = byte
    with suppress(ValueError):
        Reader(bytes(content))
