"""What registries and their topic look like in files: JSON, JSON lines, the topic as text, Apicurio's export. No I/O.

Understood are lists of schemas as Confluent's API gives them, the `_schemas` topic as kafka-console-consumer (with keys),
kcat -J and eventscope print it, and the zip of Apicurio 2 and 3. Read `folder` for who opens files.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from inspector.schemas.catalogue import Entry, listed_entry
from inspector.schemas.references import named_in, version_of
from inspector.schemas.topic import topic_entry

MOST_UNPACKED = 256 * 1024 * 1024
_MOST_MEMBERS = 200_000


def exported(content: bytes) -> Iterator[Entry]:
    """The schemas that an export lists; nothing when it is none."""
    if content.startswith(b"PK\x03\x04"):
        yield from _of_zip(content)
        return
    try:
        whole = orjson.loads(content)
    except ValueError:
        for line in content.splitlines():
            yield from _of_line(line)
        return
    yield from _of_document(whole)


def _of_document(found: object) -> Iterator[Entry]:
    """A schema, a list of them, or an object that holds such a list."""
    if isinstance(found, list):
        for one in found:
            yield from _of_object(one)
    elif isinstance(found, dict):
        listed = found.get("schemas")
        if isinstance(listed, list):
            yield from _of_document(listed)
        else:
            yield from _of_object(found)


def _of_object(found: object) -> Iterator[Entry]:
    """An object of a list or line: a schema as the API gives it, or a record of the topic."""
    if not isinstance(found, dict):
        return
    key, value = found.get("key"), found.get("value", found.get("payload"))
    entry = topic_entry(_json_text(key), _json_text(value)) if key is not None and value is not None else listed_entry(found)
    if entry is not None:
        yield entry


def _json_text(part: object) -> bytes | str | None:
    return part if isinstance(part, str | None) else orjson.dumps(part)


def _of_line(line: bytes) -> Iterator[Entry]:
    """A line of JSON, or of a consumer that prints keys: whatever comes first, then key, tab, value."""
    line = line.strip()
    start = line.find(b"{")
    if start < 0:
        return
    parts = line[start:].split(b"\t")
    for place, key in enumerate(parts[:-1]):
        entry = topic_entry(key, parts[place + 1])
        if entry is not None:
            yield entry
            return
    try:
        yield from _of_object(orjson.loads(line[start:]))
    except ValueError:
        return


# ---- Apicurio's export


def _of_zip(content: bytes) -> Iterator[Entry]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from _of_members(dict(_members(archive)))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError):
        return


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Name and content of what is wanted, within bounds: sizes that the archive states are not believed."""
    left = MOST_UNPACKED
    for info in archive.infolist()[:_MOST_MEMBERS]:
        if not info.filename.endswith((".Content.json", ".Content.data", ".ArtifactVersion.json")):
            continue
        with archive.open(info) as member:
            content = member.read(left + 1)
        left -= len(content)
        if left < 0:
            return
        yield info.filename, content


def _of_members(members: Mapping[str, bytes]) -> Iterator[Entry]:
    """A version names its content by number; a content's references and text lie in two files of one name."""
    contents: dict[int, tuple[str, Any]] = {}
    for found, base in _objects(members, ".Content.json"):
        number, data = version_of(found.get("contentId")), members.get(f"{base}.Content.data")
        if number is not None and data is not None:
            contents[number] = data.decode(errors="replace"), _references(found.get("serializedReferences"))
    for version, _ in _objects(members, ".ArtifactVersion.json"):
        number = version_of(version.get("contentId"))
        if number not in contents:
            continue
        text, references = contents[number]
        entry = listed_entry(
            {
                "schema": text,
                "schemaType": version.get("artifactType"),
                "subject": version.get("artifactId"),
                "version": version.get("version"),
                "id": number,
                "contentId": number,
                "globalId": version.get("globalId"),
                "references": references,
            }
        )
        if entry is not None:
            yield entry


def _objects(members: Mapping[str, bytes], ending: str) -> Iterable[tuple[dict[str, Any], str]]:
    for name, content in members.items():
        if not name.endswith(ending):
            continue
        try:
            found = orjson.loads(content)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found, name.removesuffix(ending)


def _references(text: object) -> list[dict[str, object]]:
    try:
        listed = orjson.loads(text) if isinstance(text, str) else text
    except ValueError:
        return []
    return [{"name": one.name, "subject": one.subject, "version": one.version} for one in named_in(listed)]
