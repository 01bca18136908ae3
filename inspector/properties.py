"""Client properties as text: reading Java's, librdkafka's and kcat's, writing them, and which of them are secrets. Pure.

Knows no client and what no property means. Read `sources.kafka_config` for what is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from inspector.errors import UsageError

# ---- what may be shown

REDACTED = "••••"
_SECRET = re.compile(
    r"(password|passphrase|secret|jaas|\.pem$|\.key$|_key$|oauthbearer\.config|oauthbearer\.extensions|certificate\.chain|token|"
    r"user\.info|credential)",
    re.IGNORECASE,
)
_PUBLIC = re.compile(r"(\.location|token\.endpoint\.url|client\.id)$")
_IN_TEXT = re.compile(
    r"(?P<name>[\w.-]*(?:password|passphrase|secret|token|credential)(?!\.endpoint)[\w.-]*[\"']?\s*[=:]\s*)"
    r"(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\S+)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?P<url>://[^/\s:@]*:)[^/\s@]*(?=@)"
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{8,}"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*",
    re.DOTALL | re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Whether the value of a property must never be shown or stored."""
    return bool(_SECRET.search(name)) and not _PUBLIC.search(name)


def redact(text: str, properties: Mapping[str, str] | None = None) -> str:
    """`text` without the secrets among `properties`, and without what looks like a password, token or private key."""
    for secret in sorted(_secrets(properties or {}), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return _IN_TEXT.sub(lambda found: f"{found['name'] or found['url'] or found['scheme'] or ''}{REDACTED}", text)


def _secrets(properties: Mapping[str, str]) -> set[str]:
    """The secret values; one that is a single sign or blank is in every text, and says nothing."""
    return {value for name, value in properties.items() if is_secret(name) and len(value.strip()) > 1}


def redacted(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties as they may be shown."""
    return {name: REDACTED if is_secret(name) else redact(value, properties) for name, value in properties.items()}


# ---- reading text

_PROPERTY = re.compile(r"((?:\\.|[^\\=: \t\f])+)[ \t\f]*(?:[=:][ \t\f]*|(?<=[ \t\f]))(.*)\Z", re.DOTALL)
_BLANKS = " \t\f"


def parse_properties(text: str) -> dict[str, str]:
    """The properties in a Java `.properties` file, a librdkafka or kcat configuration, or lines of `-X name=value`.

    Java's escapes and continued lines are understood; after `-X`, text stands for itself. Blanks that end a value
    belong to it. Raises UsageError naming the line that is not `name=value`.
    """
    properties: dict[str, str] = {}
    for number, line in _logical_lines(text.removeprefix("\ufeff")):
        if option := re.match(r"-X[ \t]*([^=\s]+)=(.*)\Z", line, re.DOTALL):
            properties[option[1]] = option[2]
        elif match := _PROPERTY.match(line):
            properties[_unescaped(match[1])] = _unescaped(match[2])
        else:
            raise UsageError(f"line {number} of the configuration is not name=value")
    return properties


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) without comments and blank lines, a line that ends in an odd number of backslashes joined to the next."""
    pending, started = "", 0
    for number, natural in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        line = natural.lstrip(_BLANKS)
        if not pending and (not line or line[0] in "#!"):
            continue
        joined, started = pending + line, started or number
        if (len(joined) - len(joined.rstrip("\\"))) % 2 and not joined.startswith("-X"):
            pending = joined[:-1] or " "
            continue
        yield started, joined.lstrip(_BLANKS)
        pending, started = "", 0
    if pending.strip(_BLANKS):
        yield started, pending


_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        escape = match[1]
        return chr(int(escape[1:], 16)) if len(escape) == 5 else _ESCAPES.get(escape, escape)

    plain = re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, text, flags=re.DOTALL)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# ---- writing text

_MARKED = re.compile(r"[\\=: \t\f\n\r#!]")
_WRITTEN = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}


def properties_text(properties: Mapping[str, str]) -> str:
    """The properties as a file that `parse_properties` reads back exactly."""
    return "".join(f"{_written_name(name)}={_written_value(value)}\n" for name, value in properties.items())


def _written_name(name: str) -> str:
    written = _MARKED.sub(lambda found: _WRITTEN.get(found[0], f"\\{found[0]}"), name)
    return f"\\{written}" if name.startswith("-X") else written


def _written_value(value: str) -> str:
    written = re.sub(r"[\\\t\f\n\r]", lambda found: _WRITTEN.get(found[0], "\\\\"), value)
    return f"\\{written}" if written.startswith(" ") else written


# ---- Java's login line

_JAAS = re.compile(r"\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b(.*)\Z", re.DOTALL | re.IGNORECASE)
_JAAS_OPTION = re.compile(r"([\w.-]+)\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|([^\s;\"']+))", re.DOTALL)
_JAAS_ESCAPE = re.compile(r"\\([0-3][0-7]{2}|[0-7]{1,2}|.)", re.DOTALL)
_JAAS_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}


def parse_jaas(line: str) -> tuple[str, dict[str, str]]:
    """(login module's class name without its package, options) of a JAAS line. Raises UsageError when it is none."""
    match = _JAAS.match(line)
    rest, options = match[2] if match else "", {}
    while found := re.match(rf"\s*{_JAAS_OPTION.pattern}", rest, re.DOTALL):
        options[found[1]] = _jaas_plain(found[2] or found[3] or found[4] or "")
        rest = rest[found.end() :]
    if match is None or rest.strip() not in {"", ";"}:
        raise UsageError('sasl.jaas.config is not of the form `…LoginModule required name="value" …;`')
    return match[1].rsplit(".", 1)[-1], options


def _jaas_plain(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        escape = match[1]
        return chr(int(escape, 8)) if escape[0] in "01234567" else _JAAS_ESCAPES.get(escape, escape)

    return _JAAS_ESCAPE.sub(one, text)
