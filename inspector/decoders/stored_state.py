"""The states that Python's `eventsourcing` stores: JSON, compressed with zlib or not, encrypted or not.

Encrypted states are recognised by what they are not and by their entropy; no key is ever asked for. Read
`resources/stores` for the descriptor that names this decoder.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Sequence

from inspector import documents
from inspector.decoders import Context, Decoded
from inspector.event import FROM_VALUE, Flag

MAX_INFLATED_BYTES = 64 * 1024 * 1024
_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_AES_GCM_OVERHEAD = 28
"""A 12-byte nonce and a 16-byte tag stand before the encrypted bytes."""


class StoredState:
    """Inflates and reads stored states."""

    name = "stored-state"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.4 for a zlib header, which is no valid JSON; plain JSON is left to the JSON decoder."""
        return 0.4 if _has_zlib_header(value) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every state's JSON. One that seems encrypted has `Flag.encrypted`, anything else unreadable its reason."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is not None:
                self._decode_one(decoded, row, value, asked=bool(context.options.get("asked")))
        return decoded

    def _decode_one(self, decoded: Decoded, row: int, value: bytes, *, asked: bool) -> None:
        plain: bytes | None = value
        reason: str | None = None
        if _has_zlib_header(value):
            plain, reason = _inflated(value)
        found = documents.Document(error=reason) if plain is None else documents.read(plain)
        decoded.document[row], decoded.flags[row], decoded.error[row] = found.value, found.flags, found.error
        if found.is_json:
            decoded.decoder[row] = self.name
            decoded.data[row] = FROM_VALUE if plain is value else (plain or b"").decode()
        elif found.flags & Flag.too_deep:
            decoded.decoder[row] = self.name
        elif asked and plain is value and _seems_encrypted(value):
            decoded.decoder[row] = self.name
            decoded.error[row] = f"encrypted: {len(value)} bytes that are neither JSON nor zlib and look random"
            decoded.flags[row] = int(Flag.encrypted | Flag.undecodable)
        else:
            decoded.refuse(row, f"neither JSON nor zlib: {found.error}" if plain is value else f"zlib, but {found.error}")


def _has_zlib_header(value: bytes) -> bool:
    return len(value) > 6 and value[:2] in _ZLIB_HEADERS


def _inflated(value: bytes) -> tuple[bytes | None, str | None]:
    """What `value` inflates to, or None and why not."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(value, MAX_INFLATED_BYTES)
    except zlib.error as error:
        return None, f"it does not inflate ({error})"
    if stream.unconsumed_tail:
        return None, f"it inflates to more than {MAX_INFLATED_BYTES // 1024 // 1024} MB"
    if not stream.eof:
        return None, "it ends too early"
    if stream.unused_data:
        return None, f"{len(stream.unused_data)} bytes follow it"
    return plain, None


def _seems_encrypted(value: bytes) -> bool:
    """True when the bytes are no text and spread as random ones are: near the entropy their length allows."""
    sample = value[:4096]
    if len(value) <= _AES_GCM_OVERHEAD or sample.isascii():
        return False
    entropy = -sum(count / len(sample) * math.log2(count / len(sample)) for count in Counter(sample).values())
    return entropy > 0.85 * min(8.0, math.log2(len(sample)))
