"""Apicurio's own API, versions 2 and 3: schemas by global id and content id. Only reads.

Its serializers call a schema by either, in 8 bytes before the value, in 4, or in a header. In 4 bytes version 2 writes the
global id unless told otherwise, version 3 the content id: so a number without a form is taken when the registry's address
is that of this API. Read `registry` for who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from inspector.event import Schema
from inspector.schemas.places import best, schema_name
from inspector.schemas.references import Named, Text, in_path, named_in, resolved, version_of

if TYPE_CHECKING:
    from inspector.schemas.http_get import Connection

_MOST = "500"
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
        candidates = [(str(one.get("artifactId") or one.get("id")), one) for one in self._searched(form, value)]
        found = best(candidates, log, part)
        subject, version, kind = "", None, ""
        if found is not None:
            subject = str(found.get("artifactId") or found.get("id"))
            kind = str(found.get("artifactType") or found.get("type") or "").upper()
            version = self._number(found, form, value)
        references = named_in(self._connection.json(f"{self._base}/ids/{_PATHS[form]}/{value}/references"))
        kind = kind or _kind_of(text)
        return Schema(wire, registry, kind, text, subject or schema_name(kind, text), version, resolved(references, self._referred))

    def _searched(self, form: str, value: str) -> list[Mapping[str, object]]:
        what = "artifacts" if self._version == 2 else "versions"
        found = self._connection.json(f"{self._base}/search/{what}", **{_IN_SEARCH[form]: value, "limit": _MOST})
        listed = found.get(what) if isinstance(found, dict) else None
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    def _number(self, found: Mapping[str, object], form: str, value: str) -> int | None:
        """Which version of its artifact it is; version 2 finds artifacts only, so their versions are looked through."""
        if self._version == 3:
            return version_of(found.get("version"))
        path = self._artifact(str(found.get("groupId") or ""), str(found.get("id")))
        listed = self._connection.json(f"{path}/versions", limit=_MOST)
        versions = listed.get("versions") if isinstance(listed, dict) else None
        for one in versions if isinstance(versions, list) else ():
            if isinstance(one, dict) and str(one.get(_IN_SEARCH[form])) == value:
                return version_of(one.get("version"))
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


def _kind_of(text: str) -> str:
    """What a text without a kind is: JSON text is Avro unless it says otherwise, all else Protobuf."""
    if text.lstrip()[:1] not in {"{", "[", '"'}:
        return "PROTOBUF"
    return "JSON" if '"$schema"' in text or '"properties"' in text else "AVRO"
