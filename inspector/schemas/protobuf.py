"""Protobuf schemas: .proto texts and descriptors to one serialised FileDescriptorSet, its own file last.

protoc runs as a child process with a time-out, in a folder that holds nothing but the texts: a crash or a hang of it is
an error like any other. Read `protobuf_reader` for what reads values with such a set.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from inspector.event import Reference, Schema
from inspector.schemas.protobuf_files import BUILT_IN, CONFLUENT, closure
from inspector.schemas.protobuf_text import descriptor_in

log = logging.getLogger(__name__)

TIMEOUT_S = 20.0
MAX_TEXT_BYTES = 8 * 1024 * 1024
"""Of a schema and all that it imports."""
SET_SUFFIXES = frozenset({".desc", ".pb", ".protoset", ".binpb", ".fds"})
_MOST_FILES = 10_000
_LONGEST_MESSAGE = 2_000
_FORBIDDEN = frozenset('\\:*?"<>|\0\r\n\t')
_NOT_FOUND = ": File not found."
_LOGGED = re.compile(r"^(?:WARNING: All log messages|[IWEF]\d{4} \d).*\n?", re.MULTILINE)
"""What protoc logs besides its errors."""


def compiled(text: str, references: Sequence[Reference] = (), name: str = "schema.proto") -> bytes:
    """The FileDescriptorSet of a .proto `text` (or of a FileDescriptorProto in base64) with all that it imports.

    Raises ValueError with protoc's words on one line (line and column) when it does not compile.
    """
    files: dict[str, str] = {}
    sets: list[FileDescriptorProto] = []
    if sum(len(one) for one in (text, *(reference.text for reference in references))) > MAX_TEXT_BYTES:
        raise ValueError(f"the schema and its imports have more than {MAX_TEXT_BYTES // 1024 // 1024} MB")
    for reference in references:
        if reference.name not in BUILT_IN:
            _sort_in(reference.name, reference.text, files, sets)
    while name in files or any(file.name == name for file in sets):
        name = f"_{name}"
    own = descriptor_in(text)
    if own is None:
        files[_checked(name)] = text
        return _run_protoc({**CONFLUENT, **files}, sets, name)
    own.name = name
    taken = {file.name for file in sets} | set(files)
    wanted = {imported for file in (own, *sets) for imported in file.dependency} - taken
    files.update({imported: CONFLUENT[imported] for imported in wanted if imported in CONFLUENT})
    made = FileDescriptorSet.FromString(_run_protoc(files, sets, None)).file if files else []
    return closure([*made, *sets, own], own.name)


def _said(words: str, name: str) -> str:
    """protoc's words on one line, without the name that the text has only here; where imports are missing just that, and what to do."""
    lines = words.splitlines()
    if missing := [line.removesuffix(_NOT_FOUND) for line in lines if line.endswith(_NOT_FOUND)]:
        return f"it imports {', '.join(missing)}, which is not there; of a folder of schemas, give the one that imports start from"
    return "; ".join(re.sub(rf"\A{re.escape(name)}:(\d+):(\d+): ", r"line \1, column \2: ", line) for line in lines)


def with_compiled(schema: Schema) -> Schema:
    """`schema` with its set when it is Protobuf and has text: for places, so that whoever decodes needs no compiler.

    A schema that does not compile is given back as it is; decoding says why.
    """
    if schema.kind != "PROTOBUF" or schema.text is None or schema.compiled is not None:
        return schema
    try:
        return replace(schema, compiled=compiled(schema.text, schema.references))
    except ValueError as error:
        log.info("%s does not compile: %s", schema.label, error)
        return schema


def compiled_folder(root: Path) -> list[tuple[Path, bytes]]:
    """The set of every .proto file and descriptor set below `root`; one for each, imports being relative to `root`.

    A file that does not compile is logged and left out.
    """
    paths = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())[:_MOST_FILES]
    found = [(path, content) for path in paths if path.suffix in SET_SUFFIXES and (content := _set_content(path))]
    names = {path.relative_to(root).as_posix(): path for path in paths if path.suffix == ".proto"}
    names = {name: path for name, path in names.items() if name[0] not in "-@" and not _FORBIDDEN.intersection(name)}
    return found + [(names[name], content) for name, content in _compile_names(root, list(names))]


def described_set(content: bytes) -> bytes:
    """A descriptor set as others write it, completed with the files that every Protobuf has. Raises ValueError for anything else."""
    try:
        files = FileDescriptorSet.FromString(content).file
    except DecodeError:
        raise ValueError("not a descriptor set") from None
    if not files or not all(file.name and (file.message_type or file.enum_type or file.dependency or file.extension) for file in files):
        raise ValueError("not a descriptor set")
    return closure(files, files[-1].name)


def _set_content(path: Path) -> bytes | None:
    try:
        return described_set(path.read_bytes())
    except (OSError, ValueError) as error:
        log.info("%s: %s", path.name, error)
        return None


def _compile_names(root: Path, names: list[str]) -> list[tuple[str, bytes]]:
    """All files by one run; one by one when some do not compile."""
    if not names:
        return []
    try:
        files = FileDescriptorSet.FromString(_protoc(root, names, ())).file
    except ValueError as error:
        if len(names) == 1:
            log.warning("%s", error)
            return []
        return [pair for name in names for pair in _compile_names(root, [name])]
    return [(name, closure(files, name)) for name in names]


def _sort_in(name: str, text: str, files: dict[str, str], sets: list[FileDescriptorProto]) -> None:
    described = descriptor_in(text)
    if described is None:
        files[_checked(name)] = text
    else:
        described.name = name
        sets.append(described)


def _checked(name: str) -> str:
    """`name` when it is a path inside any folder. Raises ValueError for others."""
    parts = PurePosixPath(name).parts
    if not parts or name[0] in "/-@~" or ".." in parts or _FORBIDDEN.intersection(name) or len(name) > 500 or name.endswith("/"):
        raise ValueError(f"an import cannot be called {name[:100]!r}")
    return name


def _run_protoc(files: dict[str, str], sets: list[FileDescriptorProto], name: str | None) -> bytes:
    """The set of `name` (of all files when None) from texts that are put into a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="eventscope-proto-", ignore_cleanup_errors=True) as folder:
        root = Path(folder, "texts")
        for path, text in files.items():
            place = root / path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8", newline="")
            except (OSError, UnicodeEncodeError) as error:
                raise ValueError(f"the import {path[:100]!r} cannot be written ({type(error).__name__})") from None
        described = Path(folder, "described.binpb")
        described.write_bytes(FileDescriptorSet(file=sets).SerializeToString())
        try:
            content = _protoc(root, [name] if name else list(files), [f"--descriptor_set_in={described}"] if sets else [])
        except ValueError as error:
            raise ValueError(_said(str(error), name or "")) from None
    return closure(FileDescriptorSet.FromString(content).file, name) if name else content


def _protoc(root: Path, names: Sequence[str], options: Sequence[str]) -> bytes:
    """What protoc makes of `names` in `root`: a FileDescriptorSet, imports first. Raises ValueError with its words."""
    with tempfile.TemporaryDirectory(prefix="eventscope-protoc-", ignore_cleanup_errors=True) as folder:
        made, listed = Path(folder, "made.binpb"), Path(folder, "names")
        listed.write_text("\n".join(names), encoding="utf-8")
        # -P: nothing in `root` is imported, whatever it is called; names in a file: a command line may be too short for them
        command = [sys.executable, "-P", "-m", "grpc_tools.protoc", "-I.", "--include_imports", *options]
        command += [f"--descriptor_set_out={made}", f"@{listed}"]
        try:
            done = subprocess.run(  # noqa: S603 - no shell; every name was checked
                command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise ValueError(f"protoc was stopped after {TIMEOUT_S:g} s") from None
        if done.returncode or not made.exists():
            said = _LOGGED.sub("", done.stderr.decode(errors="replace")).strip()[:_LONGEST_MESSAGE]
            raise ValueError(said or f"protoc ended with {done.returncode}")
        return made.read_bytes()
