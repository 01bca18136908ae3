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
from inspector.composing import MAX_UNPACKED_BYTES
from inspector.decoders import Context, Decoded
from inspector.event import FROM_VALUE, Flag

MAX_INFLATED_BYTES = 2 * MAX_UNPACKED_BYTES
"""Twice of what other values may have: a state is all that its events made."""
_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_AES_GCM_OVERHEAD = 28
"""A 12-byte nonce and a 16-byte tag stand before the encrypted bytes."""


class StoredState:
    """Inflates and reads stored states."""

    name = "stored-state"
    sure = False
    begins = frozenset(b"\x78")

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.4 for a zlib header, which is no valid JSON, but in something unpacked; plain JSON is left to the JSON decoder."""
        is_inside = bool(context.options.get("layers"))
        return 0.4 if not is_inside and _has_zlib_header(value) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every state's JSON. One that seems encrypted has `Flag.encrypted`, anything else unreadable its reason."""
        decoded = Decoded.empty(len(values))
        most = min(MAX_INFLATED_BYTES, 2 * context.most_unpacked)
        plain = [self._plain(decoded, row, value, most) for row, value in enumerate(values)]
        found, odd = documents.read_fast(plain)
        decoded.document = found
        for row, (value, text) in enumerate(zip(values, plain, strict=True)):
            if text is not None:
                decoded.decoder[row] = self.name
                decoded.data[row] = FROM_VALUE if text is value else text.decode(errors="replace")
        for row in odd:
            self._read_exactly(decoded, row, values[row] or b"", plain[row] or b"", asked=bool(context.options.get("asked")))
        return decoded

    def _plain(self, decoded: Decoded, row: int, value: bytes | None, most: int) -> bytes | None:
        """The state without its compression; None, with the reason, when that cannot be taken off."""
        if value is None or not _has_zlib_header(value):
            return value
        plain, reason = _inflated(value, most)
        if plain is None:
            decoded.refuse(row, f"zlib, but {reason}")
        return plain

    def _read_exactly(self, decoded: Decoded, row: int, value: bytes, plain: bytes, *, asked: bool) -> None:
        found = documents.read(plain)
        decoded.document[row], decoded.flags[row], decoded.error[row] = found.value, found.flags, found.error
        if found.is_json:
            return
        decoded.data[row] = None
        if found.flags & Flag.too_deep:
            return
        if asked and plain is value and _seems_encrypted(value):
            decoded.error[row] = f"encrypted: {len(value)} bytes that are neither JSON nor zlib and look random"
            decoded.flags[row] = int(Flag.encrypted | Flag.undecodable)
            return
        decoded.decoder[row] = None
        decoded.refuse(row, f"neither JSON nor zlib: {found.error}" if plain is value else f"zlib, but {found.error}")


def _has_zlib_header(value: bytes) -> bool:
    return len(value) > 6 and value[:2] in _ZLIB_HEADERS


def _inflated(value: bytes, most: int) -> tuple[bytes | None, str | None]:
    """What `value` inflates to, at most so many bytes, or None and why not."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(value, most)
    except zlib.error as error:
        return None, f"it does not inflate ({error})"
    if stream.unconsumed_tail:
        return None, f"it inflates to more than {most // 1024 // 1024} MB"
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
