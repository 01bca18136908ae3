"""XML as a document: attributes `@name`, text `#text`, an element that comes several times a list. No DTD, so no entities.

Nothing outside the value is ever read. Read `json_text` for the other text with a document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

import orjson

from inspector.composing import MAX_UNPACKED_BYTES
from inspector.decoders import Context, Decoded
from inspector.schemas.content import content_type

MAX_ELEMENTS_DEEP = 120
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*<\?xml[ \t\r\n]")
_ELEMENT = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*<([A-Za-z_][\w.:-]*)(?:[ \t\r\n]|/?>)")
_DECLARATION, _WHOLE = 0.9, 0.6


class XmlText:
    """Decodes XML. Every value in the document is a text; an element without anything is null."""

    name = "xml"
    sure = False
    begins = frozenset(b" \t\r\n<\xef")

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.9 for an XML declaration or a content type that says so, 0.6 for an element that ends with the value; else 0."""
        if _DECLARED.match(value):
            return _DECLARATION
        found = _ELEMENT.match(value)
        if found is None:
            return 0.0
        kind = content_type(headers) if headers is not None else ""
        if kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
            return _DECLARATION
        end = value.rstrip()
        return _WHOLE if end.endswith((b"</" + found[1] + b">", b"/>")) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value that is well-formed XML without a document type."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is None:
                continue
            try:
                document = parsed(value)
            except ValueError as error:
                decoded.refuse(row, f"not XML: {error}")
                continue
            decoded.decoder[row], decoded.document[row] = self.name, document
            decoded.data[row] = orjson.dumps(document).decode()
        return decoded


@dataclass(slots=True)
class _Element:
    name: str
    members: dict[str, object]
    text: list[str] = field(default_factory=list)


def parsed(value: bytes) -> dict[str, object]:
    """The document in `value`. Raises ValueError with the reason and the byte."""
    if len(value) > MAX_UNPACKED_BYTES:
        raise ValueError(f"more than {MAX_UNPACKED_BYTES // 1024 // 1024} MB")
    reading = _Reading()
    try:
        reading.parser.Parse(value, True)
    except expat.ExpatError as error:
        raise ValueError(f"{expat.ErrorString(error.code)} at byte {reading.parser.ErrorByteIndex}") from None
    except (LookupError, UnicodeError):
        raise ValueError("an encoding that is not known") from None
    return reading.root


class _Reading:
    """One value being read."""

    def __init__(self) -> None:
        self.root: dict[str, object] = {}
        self._open: list[_Element] = []
        parser = self.parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text

    def _refuse_doctype(self, _name: str, _system: str | None, _public: str | None, _has_internal: int) -> None:
        raise ValueError(f"a document type (DTD), which is never read, at byte {self.parser.CurrentByteIndex}")

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= MAX_ELEMENTS_DEEP:
            raise ValueError(f"elements nest more than {MAX_ELEMENTS_DEEP} deep at byte {self.parser.CurrentByteIndex}")
        self._open.append(_Element(name, {f"@{attribute}": value for attribute, value in attributes.items()}))

    def _add_text(self, text: str) -> None:
        self._open[-1].text.append(text)

    def _end(self, name: str) -> None:
        element = self._open.pop()
        text = "".join(element.text).strip()
        content: object = element.members
        if not element.members:
            content = text or None
        elif text:
            element.members["#text"] = text
        members = self._open[-1].members if self._open else self.root
        if name not in members:
            members[name] = content
            return
        others = members[name]
        if isinstance(others, list):
            others.append(content)
        else:
            members[name] = [others, content]
