"""A schema registry as a place for schemas: Confluent's API (also Apicurio's, Karapace's, Redpanda's) and Apicurio's own.

Which one an address speaks is found out by asking it. Only reads. Read `http_get` for requests, `access` for logins,
`apicurio` for the second API.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from inspector.event import Schema
from inspector.schemas import SchemaUnavailableError
from inspector.schemas.access import Access, address_of
from inspector.schemas.apicurio import Apicurio
from inspector.schemas.circuit import Circuit
from inspector.schemas.places import AVRO, best, completed, schema_name
from inspector.schemas.references import WHOLE_S, Named, Text, in_path, named_in, resolved, version_of

if TYPE_CHECKING:
    from inspector.schemas.http_get import Connection

_CONFLUENT_AT = re.compile(r"(.*)/apis/ccompat/v\d+\Z")
_APICURIO_AT = re.compile(r"(.*)/apis/registry/v([23])\Z")
_CCOMPAT = "/apis/ccompat/v7"


class Registry:
    """One registry. Not shared between threads; raises UsageError for an address or certificate that cannot be used."""

    def __init__(
        self,
        address: str,
        access: Access | None = None,
        *,
        is_final: bool = False,
        circuit: Circuit | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = address_of(address)
        self.is_final = is_final
        self._access = access or Access()
        self._clock = clock
        self._circuit = circuit or Circuit(clock=clock)
        self._connection: Connection | None = None
        self._confluent: str | None = None
        """Where Confluent's API is; None until it is found out, and when it is not there."""
        self._apicurio: Apicurio | None = None
        self._is_known = False

    def __repr__(self) -> str:
        return f"Registry({self.name!r})"

    def fetch(self, wire: str, log: str, part: str) -> Schema | None:
        """See `Place.fetch`."""
        form, _, value = wire.partition(":")
        if form not in {"id", "guid", "global", "content"}:
            return None
        self._find_out()
        connection, begun_s = self._connected(), self._clock()
        try:
            if form in {"id", "guid"} and self._confluent is not None:
                found = self._of_confluent(connection, form, value, log, part)
            else:
                found = self._of_apicurio(form, value, log, part)
        except SchemaUnavailableError as error:
            text = str(error)
            if (took_s := self._clock() - begun_s) > WHOLE_S:
                self._circuit.failed(text, took_s)
            raise (error if text.startswith(self.name) else SchemaUnavailableError(f"{self.name}: {text}")) from None
        return None if found is None else completed(found)

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ---- which API

    def _connected(self) -> Connection:
        if self._connection is None:
            from inspector.schemas.http_get import Connection

            self._connection = Connection(self.name, self._access, self._circuit, clock=self._clock)
        return self._connection

    def _find_out(self) -> None:
        """Finds out once what the address speaks."""
        if self._is_known:
            return
        if at := _APICURIO_AT.fullmatch(self.name):
            self._apicurio = self._apicurio_at(at[1], (int(at[2]),))
            is_there = self._apicurio is not None
        elif self._speaks_confluent(self.name):
            self._confluent = self.name
            at = _CONFLUENT_AT.fullmatch(self.name)
            self._apicurio = self._apicurio_at(at[1]) if at else None
            is_there = True
        else:
            self._apicurio = self._apicurio_at(self.name)
            is_there = self._apicurio is not None
            self._confluent = f"{self.name}{_CCOMPAT}" if is_there and self._speaks_confluent(f"{self.name}{_CCOMPAT}") else None
        if not is_there:
            unusable = self._connected().unusable("answers, but it is no schema registry: is a part of its path missing?")
            self._circuit.failed(str(unusable))
            raise unusable
        self._is_known = True

    def _speaks_confluent(self, base: str) -> bool:
        return any(self._has_list(f"{base}{path}") for path in ("/schemas/types", "/subjects"))

    def _has_list(self, url: str) -> bool:
        answer = self._connected().get(url)
        return answer is not None and answer.body.lstrip()[:1] == b"["

    def _apicurio_at(self, root: str, versions: tuple[int, ...] = (3, 2)) -> Apicurio | None:
        for version in versions:
            answer = self._connected().get(f"{root}/apis/registry/v{version}/system/info")
            if answer is not None and answer.body.lstrip()[:1] == b"{":
                return Apicurio(self._connected(), f"{root}/apis/registry/v{version}", version)
        return None

    # ---- Confluent's API

    def _of_confluent(self, connection: Connection, form: str, value: str, log: str, part: str) -> Schema | None:
        found = self._object(connection, f"/schemas/{form}s/{quote(value, safe='')}")
        if found is None:
            return None
        text = self._text(connection, found)
        kind = str(found.get("schemaType") or AVRO).upper()
        subject, version = self._named(connection, form, value, log, part, schema_name(kind, text))
        references = resolved(named_in(found.get("references")), lambda one: self._referred(connection, one))
        return Schema(f"{form}:{value}", self.name, kind, text, subject, version, references)

    def _object(self, connection: Connection, path: str, **parameters: str) -> Mapping[str, object] | None:
        found = connection.json(f"{self._confluent}{path}", **parameters)
        if found is None or isinstance(found, dict):
            return found
        raise connection.unusable(f"has at {path} something else than a schema")

    @staticmethod
    def _text(connection: Connection, found: Mapping[str, object]) -> str:
        text = found.get("schema")
        if isinstance(text, str):
            return text
        raise connection.unusable("answers without the text of a schema")

    def _named(self, connection: Connection, form: str, value: str, log: str, part: str, name: str) -> tuple[str, int | None]:
        """The subject that fits best, and the version there; an empty one when the registry does not tell."""
        number = value if form == "id" else self._id_of(connection, value)
        listed = connection.json(f"{self._confluent}/schemas/ids/{number}/versions") if number else None
        candidates = [
            (str(one["subject"]), (str(one["subject"]), version_of(one.get("version"))))
            for one in (reversed(listed) if isinstance(listed, list) else ())
            if isinstance(one, dict) and one.get("subject")
        ]
        return best(candidates, log, part, name) or ("", None)

    def _id_of(self, connection: Connection, guid: str) -> str:
        listed = connection.json(f"{self._confluent}/schemas/guids/{quote(guid, safe='')}/ids")
        first = listed[0] if isinstance(listed, list) and listed else None
        number = first.get("id") if isinstance(first, dict) else None
        return str(number) if isinstance(number, int) else ""

    def _referred(self, connection: Connection, one: Named) -> Text | None:
        """A schema by subject and version, also one that is deleted: what refers to it still does."""
        path = f"/subjects/{in_path(one.subject)}/versions/{'latest' if one.version is None else one.version}"
        found = self._object(connection, path, deleted="true")
        return None if found is None else Text(self._text(connection, found), named_in(found.get("references")))

    # ---- Apicurio's own API

    def _of_apicurio(self, form: str, value: str, log: str, part: str) -> Schema | None:
        if self._apicurio is None or form == "guid":
            return None
        return self._apicurio.schema(self.name, form, value, log, part)
