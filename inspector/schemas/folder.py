"""A folder or file of schemas as a place: Avro, Protobuf and JSON Schema files, descriptor sets, what registries export.

All is read once, when it is opened. Which number a file has is said by its name (`42.avsc`, `orders-value-v3.id42.avsc`), by
`ids.json` or `ids.toml`, or by an export; Avro schemas are also found by their fingerprint, and every file by the name of
what it defines (`name:shop.Order`). Read `exports` for registries' files, `catalogue` for how schemas are found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import orjson

from inspector.errors import UsageError
from inspector.event import Reference, Schema
from inspector.plain_files import read_small
from inspector.schemas.catalogue import Catalogue, Entry, wire_of
from inspector.schemas.descriptors import SUFFIXES as DESCRIPTOR_SETS
from inspector.schemas.descriptors import compiled_entry
from inspector.schemas.exports import exported
from inspector.schemas.places import AVRO, JSON, LOOKED_THROUGH, PROTOBUF, fingerprint, schema_names
from inspector.schemas.references import MOST

MOST_FILES = 10_000
LARGEST = 64 * 1024 * 1024
"""A file of more bytes is no schema."""
_MAPS = ("ids.json", "ids.toml")
_KINDS = {".avsc": AVRO, ".proto": PROTOBUF, ".json": JSON, ".jsonschema": JSON}
_EXPORTS = {".json", ".jsonl", ".ndjson", ".txt", ".log", ".zip"}
_ID_IN_NAME = re.compile(r"(?:(?P<subject>.*?)[.-])?id(?P<id>[1-9][0-9]{0,9})\Z|(?P<alone>[1-9][0-9]{0,9})\Z")
_VERSION_IN_NAME = re.compile(r"(?P<subject>.+)-v(?P<version>[1-9][0-9]{0,8})\Z")
_IMPORT = re.compile(r'(?:^|[;}])[ \t]*import\s+(?:public\s+|weak\s+)?"([^"]+)"\s*;', re.MULTILINE)


class Folder:
    """Schemas in files. Raises UsageError when there are none, or too many; shared by threads: nothing changes once it is open."""

    def __init__(self, path: Path, *, is_final: bool = True) -> None:
        self.name = path.name or str(path)
        self.is_final = is_final
        self._catalogue = Catalogue(self.name)
        self._root = path if path.is_dir() else path.parent
        self._files = {file.relative_to(self._root).as_posix(): file for file in _files(path)}
        self._protos = {name: _text(file) for name, file in self._files.items() if name.endswith(".proto")}
        self._imported = {name: _IMPORT.findall(text, 0, LOOKED_THROUGH) for name, text in self._protos.items()}
        self._below = _below(self._protos)
        self._referred: dict[tuple[str, str], Reference] = {}
        self._ids = self._map()
        for name, file in self._files.items():
            for entry in self._entries(name, file):
                self._catalogue.add(entry)
        if not len(self._catalogue):
            raise UsageError(f"{path} holds no schema: .avsc, .proto, .desc, .json files and what registries export are read")

    def fetch(self, wire: str, log: str, part: str) -> Schema | None:
        """See `Place.fetch`."""
        return self._catalogue.find(wire, log, part)

    def close(self) -> None:
        """Nothing is held open."""

    # ---- files

    def _entries(self, name: str, file: Path) -> Iterator[Entry]:
        if PurePosixPath(name).name in _MAPS:
            return
        suffix = file.suffix.lower()
        if suffix in DESCRIPTOR_SETS:
            entry = compiled_entry(self._wires(name), file.name, _content(file))
            if entry is not None:
                yield entry
            return
        if suffix in _EXPORTS:
            found = list(exported(_content(file)))
            yield from found
            if found:
                return
        if suffix in _KINDS:
            yield from self._of_file(name, _KINDS[suffix], _text(file))

    def _of_file(self, name: str, kind: str, text: str) -> Iterator[Entry]:
        if kind != PROTOBUF and not _is_json(text):
            return
        subject, version = self._named(name)
        wires = [*self._wires(name), *_names(kind, text, name)]
        if kind == AVRO:
            wires += _fingerprints(text)
        references = tuple(self._imports(name)) if kind == PROTOBUF else ()
        yield Entry(tuple(dict.fromkeys(wires)), kind, text, subject, version, references=references)

    def _imports(self, name: str) -> Iterator[Reference]:
        """The texts a .proto file imports from this folder, each before those that import it; others (google's) are left out.

        Of more than 1,000 the rest is left out too: no such file is read.
        """
        seen, open_ = {name}, [iter(self._imported.get(name, ()))]
        references: list[Reference] = []
        while open_:
            one = next(open_[-1], None)
            if one is None:
                open_.pop()
                if references:
                    yield references.pop()
            elif (found := self._below.get(one)) is not None and found not in seen and len(seen) <= MOST:
                seen.add(found)
                references.append(self._referred.setdefault((one, found), Reference(one, self._protos[found])))
                open_.append(iter(self._imported[found]))

    # ---- numbers

    def _map(self) -> Mapping[str, list[tuple[str, str, int | None]]]:
        """File → (wire, subject, version) as `ids.json` or `ids.toml` say."""
        ids: dict[str, list[tuple[str, str, int | None]]] = {}
        for name, file in self._files.items():
            if PurePosixPath(name).name not in _MAPS:
                continue
            for key, said in _map_of(file).items():
                details = said if isinstance(said, dict) else {"file": said}
                wire, target = wire_of(str(key)), details.get("file")
                if not wire or not isinstance(target, str):
                    raise UsageError(f'{file}: "{key}" is not said as "42" = "order.avsc"')
                version = details.get("version")
                place = (PurePosixPath(name).parent / target).as_posix()
                if place not in self._files:
                    raise UsageError(f"{file}: there is no file {target}")
                said_version = version if isinstance(version, int) else None
                ids.setdefault(place, []).append((wire, str(details.get("subject") or ""), said_version))
        return ids

    def _wires(self, name: str) -> list[str]:
        wires = [wire for wire, _, _ in self._ids.get(name, ())]
        found = _ID_IN_NAME.match(_stem(name))
        return [*wires, f"id:{found['id'] or found['alone']}"] if found else wires

    def _named(self, name: str) -> tuple[str, int | None]:
        for _, subject, version in self._ids.get(name, ()):
            if subject:
                return subject, version
        stem = _stem(name)
        if (found := _ID_IN_NAME.match(stem)) and not found["alone"]:
            stem = found["subject"] or stem
        versioned = _VERSION_IN_NAME.match(stem)
        return (versioned["subject"], int(versioned["version"])) if versioned else (stem, None)


def _below(names: Iterable[str]) -> dict[str, str]:
    """What an import may say → the file: the folder given may be above the one that imports start from."""
    below = {name: name for name in names}
    for name in names:
        steps = name.split("/")
        for first in range(1, len(steps)):
            below.setdefault("/".join(steps[first:]), name)
    return below


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"there is no folder or file {path} with schemas")
    found: list[Path] = []
    for file in sorted(path.rglob("*")):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
            found.append(file)
            if len(found) > MOST_FILES:
                raise UsageError(f"{path} holds more than {MOST_FILES:,} files: name the folder that holds the schemas")
    return found


def _content(file: Path) -> bytes:
    try:
        return read_small(file, LARGEST) if file.stat().st_size <= LARGEST else b""
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


def _text(file: Path) -> str:
    """The file's text; empty when it is none."""
    try:
        return _content(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def _stem(name: str) -> str:
    last = PurePosixPath(name).name
    return re.sub(r"(\.schema)?\.[A-Za-z]+\Z", "", last)


def _is_json(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict | list | str | bool)
    except ValueError:
        return False


def _map_of(file: Path) -> Mapping[str, object]:
    try:
        found: object = tomllib.loads(_text(file)) if file.suffix == ".toml" else orjson.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is wrong: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f'{file} is not of the form {{"42": "order.avsc"}}')
    return found


def _names(kind: str, text: str, name: str) -> list[str]:
    """What the file defines, and the file itself, as `name:…`."""
    return [f"name:{one}" for one in (*schema_names(kind, text), name)]


def _fingerprints(text: str) -> list[str]:
    """Of the whole, and of each type of a list that stands for itself."""
    schema = orjson.loads(text)
    parts = [text, *(orjson.dumps(one).decode() for one in schema if isinstance(one, dict))] if isinstance(schema, list) else [text]
    return [found for found in map(fingerprint, parts) if found]
