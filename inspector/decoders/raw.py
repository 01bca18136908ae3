"""Bytes as they are: what is left when no decoder understands a value, or what the user asked for.

Read `decoders` for how it comes last in every automatic choice.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspector.decoders import Context, Decoded
from inspector.event import Flag

LAST_RESORT = 0.01


class Raw:
    """Takes any bytes. `Context.options["asked"]` true: the user chose it, so that nothing is wrong with the row."""

    name = "raw"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """Always the last resort."""
        return LAST_RESORT

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value kept as bytes; unless asked for, that is a row nobody could decode."""
        decoded = Decoded.empty(len(values))
        asked = bool(context.options.get("asked"))
        for row, value in enumerate(values):
            if value is None:
                continue
            decoded.decoder[row] = self.name
            if not asked:
                decoded.error[row] = "no decoder knows these bytes: neither text nor a known framing"
                decoded.flags[row] = int(Flag.undecodable)
        return decoded
