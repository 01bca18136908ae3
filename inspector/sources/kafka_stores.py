"""Java key and trust stores as PEM text in memory: PKCS12 through `cryptography`, JKS by its documented layout. No network.

JKS is read here because the one library for it is no longer kept: the format is a list of length-prefixed entries.
Trusted certificates stand in it in clear; a private key is masked with a SHA-1 key stream of its password.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)

from inspector.errors import UsageError

_JKS_MAGIC = 0xFEEDFEED
_OCTET_STRING = 4
_SALT = b"Mighty Aphrodite"
"""The constant that a JKS file's closing digest starts with."""


@dataclass
class _Jks:
    trusted: list[bytes] = field(default_factory=list)
    keys: list[tuple[bytes, list[bytes]]] = field(default_factory=list)
    """(protected key, certificate chain), DER."""


def trusted_pem(store: bytes, password: str | None, name: str) -> str:
    """The certificates a truststore trusts. Raises UsageError naming the file when it cannot be opened."""
    if _is_jks(store):
        certificates = _certificates(_read_jks(store, password, name).trusted, name)
    else:
        opened = _open_pkcs12(store, password, name)
        certificates = [entry.certificate for entry in opened.additional_certs]
        if opened.cert is not None:
            certificates.append(opened.cert.certificate)
    if not certificates:
        raise UsageError(f"the truststore {name} holds no certificate")
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def key_and_chain_pem(store: bytes, password: str | None, key_password: str | None, name: str) -> tuple[str, str]:
    """(private key, certificate chain) of the first key in a keystore. Raises UsageError naming the file."""
    if _is_jks(store):
        jks = _read_jks(store, password, name)
        if not jks.keys:
            raise UsageError(f"the keystore {name} holds no private key")
        protected, chain = jks.keys[0]
        key = _jks_key(protected, key_password or password or "", name)
        certificates = _certificates(chain, name)
    else:
        opened = _open_pkcs12(store, password, name)
        if opened.key is None or opened.cert is None:
            raise UsageError(f"the keystore {name} holds no private key")
        key = opened.key
        certificates = [opened.cert.certificate, *(entry.certificate for entry in opened.additional_certs)]
    if not certificates:
        raise UsageError(f"the keystore {name} holds no certificate for its private key")
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return key_pem, "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def _open_pkcs12(store: bytes, password: str | None, name: str) -> pkcs12.PKCS12KeyAndCertificates:
    # no password and an empty one are two things in PKCS12, and one to people
    for secret in [password.encode()] if password else [None, b""]:
        try:
            return pkcs12.load_pkcs12(store, secret)
        except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm) as error:
            failure = error
    raise UsageError(f"cannot open {name}: the password is wrong, or it is neither a PKCS12 nor a JKS store") from failure


def _certificates(chain: Sequence[bytes], name: str) -> list[x509.Certificate]:
    try:
        return [x509.load_der_x509_certificate(der) for der in chain]
    except ValueError as error:
        raise UsageError(f"a certificate in {name} is damaged") from error


def _is_jks(store: bytes) -> bool:
    return len(store) >= 12 and struct.unpack_from(">I", store)[0] == _JKS_MAGIC


class _Cursor:
    """Reads a store's big-endian fields one after the other."""

    def __init__(self, store: bytes) -> None:
        self._store, self._at = store, 0

    def take(self, size: int) -> bytes:
        part = self._store[self._at : self._at + size]
        if size < 0 or len(part) != size:
            raise ValueError("the store ends too early")
        self._at += size
        return part

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "big")

    def text(self) -> str:
        return self.take(self.number(2)).decode("utf-8", "replace")

    def blob(self) -> bytes:
        return self.take(self.number())


def _read_jks(store: bytes, password: str | None, name: str) -> _Jks:
    if password is not None:
        digest = hashlib.sha1(password.encode("utf-16-be", "surrogatepass") + _SALT + store[:-20], usedforsecurity=False).digest()
        if digest != store[-20:]:
            raise UsageError(f"cannot open {name}: the password is wrong or the store is damaged")
    try:
        return _entries(_Cursor(store[:-20]))
    except ValueError as error:
        raise UsageError(f"cannot open {name}: {error}") from error


def _entries(cursor: _Cursor) -> _Jks:
    cursor.number()
    version, count = cursor.number(), cursor.number()
    found = _Jks()
    for _ in range(count):
        tag = cursor.number()
        cursor.text()
        cursor.number(8)
        if tag == 1:
            protected = cursor.blob()
            found.keys.append((protected, [_certificate(cursor, version) for _ in range(cursor.number())]))
        elif tag == 2:
            found.trusted.append(_certificate(cursor, version))
        else:
            raise ValueError(f"an entry of unknown kind {tag}")
    return found


def _certificate(cursor: _Cursor, version: int) -> bytes:
    if version == 2:
        cursor.text()
    return cursor.blob()


def _jks_key(protected: bytes, password: str, name: str) -> PrivateKeyTypes:
    """The private key of an entry. Raises UsageError for a wrong password or what is no key."""
    try:
        return load_der_private_key(_unmask(_last_octets(protected), password), None)
    except _WrongPasswordError as error:
        raise UsageError(f"cannot open the private key in {name}: its password is wrong") from error
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm) as error:
        raise UsageError(f"the private key in {name} is damaged or of an unknown kind") from error


class _WrongPasswordError(Exception):
    """The check digest of a key does not fit."""


def _unmask(body: bytes, password: str) -> bytes:
    """The key under Sun's key protector: salt (20 bytes), key xor SHA-1 stream, and a check digest (20 bytes)."""
    salt, masked, check = body[:20], body[20:-20], body[-20:]
    secret = password.encode("utf-16-be", "surrogatepass")
    stream, block = b"", salt
    while len(stream) < len(masked):
        block = hashlib.sha1(secret + block, usedforsecurity=False).digest()
        stream += block
    key = bytes(a ^ b for a, b in zip(masked, stream, strict=False))
    if hashlib.sha1(secret + key, usedforsecurity=False).digest() != check:
        raise _WrongPasswordError
    return key


def _last_octets(der: bytes) -> bytes:
    """The content of the OCTET STRING that ends an EncryptedPrivateKeyInfo, a SEQUENCE of an algorithm and it."""
    _, at, _ = _header(der, 0)
    _, inner, length = _header(der, at)
    tag, start, size = _header(der, inner + length)
    if tag != _OCTET_STRING or start + size > len(der):
        raise ValueError("not an encrypted private key")
    return der[start : start + size]


def _header(der: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where the content starts, its length)."""
    length = der[at + 1]
    if length < 0x80:
        return der[at], at + 2, length
    size = length & 0x7F
    return der[at], at + 2 + size, int.from_bytes(der[at + 2 : at + 2 + size], "big")
