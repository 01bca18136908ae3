"""How much an import of segments may unpack beyond what lies packed: one account for all batches of a source. Knows no file.

A topic's records shrink by 3 to 50 times; a bomb by 1,000 (gzip) to 30,000 (zstd). Read `unpack` for the bound of one batch.
"""

from __future__ import annotations

from inspector.segments.unpack import MOST_PLAIN_BYTES, TooMuchError, unpacked

FREE_BYTES = 1024 * 1024 * 1024
RATIO = 256
ROW_BYTES = 64
"""What a record costs besides its bytes: millions of empty ones unpack from a few kB too."""
_LEAST_RECORD_BYTES = 7


class Allowance:
    """Bytes that may be unpacked: 256 for each packed one, and 1 GB besides for all batches together.

    A batch that is refused counts as far as it was unpacked. Used by one thread.
    """

    def __init__(self, free_bytes: int | None = None) -> None:
        self._left = FREE_BYTES if free_bytes is None else free_bytes

    def unpacked(self, packed: bytes, codec: int, *, magic: int = 2, records: int | None = None) -> bytes:
        """What `packed` holds, `records` of them where that is known. Raises ValueError: damage, or more than may be unpacked."""
        room = self._left + RATIO * len(packed)
        most = min(MOST_PLAIN_BYTES, room)
        try:
            plain = unpacked(packed, codec, magic=magic, most=most)
        except TooMuchError as error:
            self._spend(most, packed)
            raise self._refused() if most < MOST_PLAIN_BYTES else error from None
        fit = len(plain) // _LEAST_RECORD_BYTES
        cost = len(plain) + ROW_BYTES * (fit if records is None else max(0, min(records, fit)))
        self._spend(min(cost, room), packed)
        if cost > room:
            raise self._refused()
        return plain

    def _spend(self, size: int, packed: bytes) -> None:
        self._left -= max(0, size - RATIO * len(packed))

    @staticmethod
    def _refused() -> ValueError:
        return ValueError(
            f"it unpacks to more than {RATIO} times its bytes, and other batches took the {FREE_BYTES // 1024 // 1024:,} MB "
            "that an import may unpack beyond that"
        )
