"""How bytes, headers and numbers are written in exports, and reading them back: text, base64, hex, pairs … One column at a time.

Nothing is guessed: what is not written as it was said to be is kept as its own text, with the reason. Read `mapping` for who asks.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

import orjson

BYTES_FORMS = ("auto", "text", "json", "base64", "hex", "bytes")
"""`auto`: a text is UTF-8, `{"base64": "…"}` is bytes, anything else its JSON text. `bytes`: a list of numbers, negative ones too."""
HEADER_FORMS = ("pairs", "objects", "flat", "object", "singles", "json")
"""`[[name, value], …]`, `[{"key": name, "value": value}, …]`, `[name, value, …]`, `{name: value}`, `[{name: value}, …]`; json: the first,
second or fourth of these, told by its looks. Any of them may stand as text."""
Exact = Callable[[int], bytes | None]
"""The JSON text of what a row has there, digits as written."""


class NotSo(ValueError):  # noqa: N818 - it says what the value is
    """A value is not written as it was said to be."""


def as_bytes(column: Sequence[object], form: str, exact: Exact) -> tuple[list[bytes | None], dict[int, str]]:
    """Each value's bytes, and the rows that are not written in that form, with the reason."""
    if form in {"auto", "text"} and set(map(type, column)) == {str}:
        try:
            return [value.encode() for value in column], {}  # type: ignore[attr-defined]
        except UnicodeEncodeError:
            pass
    found: list[bytes | None] = []
    errors: dict[int, str] = {}
    for row, value in enumerate(column):
        try:
            found.append(None if value is None else one(value, form, exact, row))
        except NotSo as error:
            found.append(value.encode(errors="replace") if isinstance(value, str) else exact(row))
            errors[row] = str(error)
    return found, errors


def one(value: object, form: str, exact: Exact, row: int) -> bytes:
    """One value's bytes. Raises NotSo."""
    if isinstance(value, bytes):
        return value
    if form in _READERS:
        return _READERS[form](value)
    if isinstance(value, str) and form != "json":
        return value.encode(errors="replace")
    if form == "auto" and isinstance(value, dict) and set(value) == {"base64"}:
        return _base64(value["base64"])
    return exact(row) or b"null"


def _base64(value: object) -> bytes:
    if not isinstance(value, str):
        raise NotSo(f"no base64: {_excerpt(value)}")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        pass
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotSo(f"no base64: {_excerpt(value)}") from None


def _hex(value: object) -> bytes:
    text = str(value)
    try:
        return bytes.fromhex(text.removeprefix("\\x").removeprefix("0x"))
    except ValueError:
        raise NotSo(f"no hexadecimal digits: {_excerpt(value)}") from None


def _bytes(value: object) -> bytes:
    if not isinstance(value, list):
        raise NotSo(f"no list of bytes: {_excerpt(value)}")
    try:
        return bytes(number & 255 if -128 <= number < 256 else number for number in value)
    except (TypeError, ValueError):
        raise NotSo(f"no list of bytes: {_excerpt(value)}") from None


def cells(column: Sequence[object]) -> list[bytes | None]:
    """Bytes as our own CSV writes them: nothing for null, text, or `base64:…`."""
    found: list[bytes | None] = []
    for value in column:
        text = value if isinstance(value, str) else ""
        if not text:
            found.append(None)
            continue
        try:
            found.append(_base64(text[7:]) if text.startswith("base64:") else text.encode())
        except NotSo:
            found.append(text.encode())
    return found


_READERS: dict[str, Callable[[object], bytes]] = {"base64": _base64, "hex": _hex, "bytes": _bytes}


def as_headers(column: Sequence[object], form: str, of: str, name: str, inner: str = "") -> tuple[list[str | None], dict[int, str]]:
    """Each row's headers as a batch has them (see `event.RecordBatch`), and the rows that are not written in that form.

    `of` is how their values are written, `name` what objects call the name (else `key` or `name`), `inner` the member of a value
    that is meant where values are objects.
    """
    found: list[str | None] = []
    errors: dict[int, str] = {}
    for row, value in enumerate(column):
        if value is None or value == "":
            found.append(None)
            continue
        try:
            pairs = _pairs(orjson.loads(value) if isinstance(value, str) else value, form, name)
            found.append(orjson.dumps([[text, _json(_member(value, inner), of)] for text, value in pairs]).decode() if pairs else None)
        except (NotSo, ValueError, TypeError):
            found.append(None)
            errors[row] = f"no headers in the form {form!r}: {_excerpt(value)}"
    return found, errors


def _pairs(value: object, form: str, name: str) -> list[tuple[str, object]]:
    if form == "json":
        form = "object" if isinstance(value, dict) else "pairs" if isinstance(value, list) and all(map(_is_pair, value)) else "objects"
    if form == "object" and isinstance(value, dict):
        return [(text, inner) for text, given in value.items() for inner in (given if isinstance(given, list) else [given])]
    if not isinstance(value, list):
        raise NotSo
    if form == "flat" and len(value) % 2 == 0:
        return [(str(value[at]), value[at + 1]) for at in range(0, len(value), 2)]
    if form == "pairs" and all(map(_is_pair, value)):
        return [(str(text), inner) for text, inner in value]
    if form == "singles":
        return [(text, inner) for single in value for text, inner in single.items()]
    if form == "objects" and all(isinstance(item, dict) for item in value):
        return [(_name(item, name), item.get("value")) for item in value]
    raise NotSo


def _member(value: object, name: str) -> object:
    return value.get(name) if name and isinstance(value, dict) else value


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _name(item: dict[str, object], name: str) -> str:
    for word in (name, "key", "name"):
        if word and isinstance(item.get(word), str):
            return str(item[word])
    raise NotSo


def _json(value: object, of: str) -> object:
    """A header's value as a batch has it: a text, null, or base64 of what is no text."""
    if value is None or (isinstance(value, str) and of in {"auto", "text"}):
        return value
    raw = one(value, of, lambda _: orjson.dumps(value), 0)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def _excerpt(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
