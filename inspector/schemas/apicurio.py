"""Apicurio's own API, versions 2 and 3: schemas by global id and content id. Only reads.

Its serializers call a schema by either, in 8 bytes before the value, in 4, or in a header. In 4 bytes version 2 writes the
global id unless told otherwise, version 3 the content id: so a number without a form is taken when the registry's address
is that of this API. Read `registry` for who asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from inspector.event import Schema
from inspector.schemas.places import best, schema_name, schema_names
from inspector.schemas.references import Named, Text, in_path, named_in, resolved, version_of

if TYPE_CHECKING:
    from inspector.schemas.http_get import Connection

_MOST = "500"
_MOST_NAMES = 5
_PATHS = {"global": "globalIds", "content": "contentIds"}
_IN_SEARCH = {"global": "globalId", "content": "contentId"}


class Apicurio:
    """One registry's own API at `base`."""

    def __init__(self, connection: Connection, base: str, version: int) -> None:
        self._connection = connection
        self._base = base
        self._version = version

    def schema(self, registry: str, form: str, value: str, log: str, part: str) -> Schema | None:
        """The schema with this global or content id; None when there is none. Raises SchemaUnavailableError."""
        wire = f"{form}:{value}"
        if form == "id":
            form = "global" if self._version == 2 else "content"
        text = self._content(f"/ids/{_PATHS[form]}/{value}")
        if text is None:
            return None
        subject, found = self._registered(form, value, log, part, text)
        kind = str(found.get("artifactType") or found.get("type") or "").upper() or _kind_of(text)
        references = named_in(self._connection.json(f"{self._base}/ids/{_PATHS[form]}/{value}/references"))
        version = version_of(found.get("version"))
        return Schema(wire, registry, kind, text, subject or schema_name(kind, text), version, resolved(references, self._referred))

    # ---- where it is registered

    def _registered(self, form: str, value: str, log: str, part: str, text: str) -> tuple[str, Mapping[str, object]]:
        """The artifact that fits best, and what is said of the version there; empty ones when it is not found out.

        Version 2 finds artifacts by their latest version only: those that its serializers name after topic or schema are
        looked at besides.
        """
        if self._version == 3:
            candidates = [(str(one.get("artifactId")), one) for one in self._searched(form, value)]
            found = best(candidates, log, part)
            return (str(found.get("artifactId")), found) if found is not None else ("", {})
        for artifact in (f"{log}-{part}", log) if log else ():
            if version := self._version_in("", artifact, form, value):
                return artifact, version
        listed = [(str(one.get("id")), one) for one in self._searched(form, value)]
        if (artifact_found := best(listed, log, part)) is not None:
            artifact = str(artifact_found.get("id"))
            return artifact, self._version_in(str(artifact_found.get("groupId") or ""), artifact, form, value) or artifact_found
        for group, artifact in _named_after(text, log):
            if version := self._version_in(group, artifact, form, value):
                return artifact, version
        return "", {}

    def _searched(self, form: str, value: str) -> list[Mapping[str, object]]:
        what = "artifacts" if self._version == 2 else "versions"
        found = self._connection.json(f"{self._base}/search/{what}", **{_IN_SEARCH[form]: value, "limit": _MOST})
        listed = found.get(what) if isinstance(found, dict) else None
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    def _version_in(self, group: str, artifact: str, form: str, value: str) -> Mapping[str, object] | None:
        """What an artifact says of its version with this id; None when there is none."""
        listed = self._connection.json(f"{self._artifact(group, artifact)}/versions", limit=_MOST)
        versions = listed.get("versions") if isinstance(listed, dict) else None
        for one in versions if isinstance(versions, list) else ():
            if isinstance(one, dict) and str(one.get(_IN_SEARCH[form])) == value:
                return one
        return None

    def _referred(self, one: Named) -> Text | None:
        path = f"{self._artifact(one.group, one.subject)}/versions/{one.version}"
        text = self._content(path if self._version == 2 else f"{path}/content")
        return None if text is None else Text(text, named_in(self._connection.json(f"{path}/references")))

    def _artifact(self, group: str, artifact: str) -> str:
        return f"{self._base}/groups/{in_path(group or 'default')}/artifacts/{in_path(artifact)}"

    def _content(self, path: str) -> str | None:
        answer = self._connection.get(path if "://" in path else f"{self._base}{path}")
        if answer is None:
            return None
        try:
            return answer.body.decode()
        except UnicodeDecodeError:
            raise self._connection.unusable("has something else than text for a schema") from None


def _named_after(text: str, log: str) -> Iterator[tuple[str, str]]:
    """The (group, artifact) under which serializers register a schema by its name."""
    for name in schema_names(_kind_of(text), text)[:_MOST_NAMES]:
        group, _, simple = name.rpartition(".")
        yield from ((group, simple), ("", name), ("", f"{log}-{simple}"))


def _kind_of(text: str) -> str:
    """What a text without a kind is: JSON text is Avro unless it says otherwise, all else Protobuf."""
    if text.lstrip()[:1] not in {"{", "[", '"'}:
        return "PROTOBUF"
    return "JSON" if '"$schema"' in text or '"properties"' in text else "AVRO"
