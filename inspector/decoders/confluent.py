"""Values that name a schema nobody has: recognised and said, never shown as text or guessed at.

Once the schema is found (`eventscope decode`), the decoder of its kind reads the value. Read `schemas` for frames and
places, `identify` for what is still known of such a record (headers, key).
"""

from __future__ import annotations

from collections.abc import Sequence

from inspector.decoders import Context, Decoded
from inspector.event import Flag
from inspector.schemas import Framed
from inspector.schemas.framing import FIRST_BYTES

_LIKELY_IDS = 1 << 24
_TIMES_MS = range(946_684_800_000, 4_102_444_800_000)
"""The years 2000 to 2099."""
_MISSING_IN_HEADER, _MISSING, _UNLIKELY, _FOUND = 0.85, 0.8, 0.3, 0.05


class ConfluentFrame:
    """Recognises every framing of `schemas.framing`; named after the most used one."""

    name = "confluent"
    sure = False
    begins = FIRST_BYTES

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.85 with a header that names a schema; 0.8 for a frame with a number as registries give them, 0.3 for a larger one
        and for 8 bytes that are a time in milliseconds.

        0.05 when the schema is there: then the decoder of its kind reads the value.
        """
        framed = context.framed(value, headers)
        if framed is None:
            return 0.0
        if framed.schema.text is not None:
            return _FOUND
        if framed.frame.start == 0:
            return _MISSING_IN_HEADER
        is_time = len(value) == 8 and int.from_bytes(value, "big") in _TIMES_MS
        return _MISSING if _is_likely(framed) and not is_time else _UNLIKELY

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """The schema each value asks for, in `schema` and `error`; a value without a frame is refused."""
        decoded = Decoded.empty(len(values))
        for row, framed in enumerate(context.framed_column(values, headers)):
            if values[row] is None:
                continue
            if framed is None:
                decoded.refuse(row, "no schema number before the value")
                continue
            decoded.decoder[row] = self.name
            decoded.schema[row] = framed.schema
            decoded.error[row] = framed.schema.error or f"{framed.schema.label} does not read it"
            decoded.flags[row] = int(Flag.undecodable)
        return decoded


def _is_likely(framed: Framed) -> bool:
    """Registries count from 1; a number over 16 million is more likely something else, and so are 8 bytes that are a time."""
    form, _, value = framed.schema.wire.partition(":")
    return form != "id" or int(value) < _LIKELY_IDS
