"""All of a segment as batches and skipped ranges: after damage the next batch is looked for, and only a checksum proves one.

What lies between is taken apart by its own lengths where these lead exactly to the next batch: then it is a batch whose
content is damaged, and not lost. Read `framing` for one batch, `survey` for who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inspector.segments import framing
from inspector.segments.files import CHUNK_BYTES, SegmentFile
from inspector.segments.framing import LEAST_LENGTH, LEGACY_HEADER_BYTES, PREFIX_BYTES, Fault, Frame, Part, Skipped

_MAGIC = re.compile(
    rb"\x02(?=[\s\S]{4}\x00[\x00-\x7f][\x00-\x7f])(?<=[\x00-\x08][\s\S]{8})|"
    rb"[\x00\x01](?=[\x00-\x0f])(?<=[\x00-\x08][\s\S]{8})(?<!\x00\x00\x00[\x00-\x0d][\s\S]{5})"
)
"""A magic of 2 before attributes without unused bits and a last offset that is not negative; or of an old version.

Eight bytes before it is the length, which is neither above 128 MB nor next to nothing: zeros are passed over quickly.
"""
_MAGIC_AT = 16
_BEHIND = 9
_LENGTH_BEFORE = 8
_BUDGET = 8
"""So many times the bytes of a file are checksummed in search of batches: a file made of nothing but beginnings takes no longer."""
_LOOK_COST = 512
"""A place that only looks like the beginning of a batch counts as so many bytes."""
_LEAST_BUDGET_BYTES = 256 * 1024 * 1024


def parts(file: SegmentFile, start: int = 0) -> Iterator[Part]:
    """Every batch of the segment in the order of its bytes, and the ranges between that are none; together all of the file."""
    search = _Search(file)
    at = start
    while at < file.size:
        found = framing.frame_at(file, at)
        if isinstance(found, Frame):
            yield found
            at += found.size
            continue
        for part in search.after(at, found):
            yield part
            at = part.end if isinstance(part, Skipped) else part.at + part.size


def has_batch(file: SegmentFile, most_bytes: int) -> bool:
    """Whether a batch whose checksum holds begins in the first bytes of the file, after its first byte."""
    return _Search(file, most_bytes).next(1) is not None


class _Search:
    """Looking for what can be read after damage, in the first `most_bytes` of the file where these are given."""

    def __init__(self, file: SegmentFile, most_bytes: int | None = None) -> None:
        self._file = file
        self._end = file.size if most_bytes is None else min(most_bytes, file.size)
        self._left = max(_BUDGET * self._end, _LEAST_BUDGET_BYTES)

    def after(self, at: int, fault: Fault) -> Iterator[Part]:
        """What lies from `at`, where no sound batch is, to the next sound one or the end."""
        size = self._file.size
        zeros = framing.zeros_until(self._file, at, size)
        if zeros == size:
            yield Skipped(at, size, "zeros to the end of the file: room that was never written", is_end=True)
            return
        if zeros - at >= PREFIX_BYTES + LEAST_LENGTH[2]:
            fault = Fault("zeros where a batch should be")
        sound = self.next(at + 1)
        yield from self._between(at, size if sound is None else sound, fault, is_last=sound is None)

    def _between(self, at: int, end: int, fault: Fault, *, is_last: bool) -> Iterator[Part]:
        """`[at, end)` as one batch if its checksum says so, else by the lengths that are said there, as far as they make sense."""
        whole = None if at + fault.total == end else self._whole(at, end, fault)
        if whole is not None:
            yield whole
            return
        while at < end:
            if not fault.total or at + fault.total > end:
                yield self._whole(at, end, fault) or self._unreadable(at, end, fault, is_last=is_last)
                return
            yield self._one(at, fault)
            at += fault.total
            if at < end:
                zeros = framing.zeros_until(self._file, at, end)
                if zeros == end:
                    yield Skipped(at, end, "zeros where a batch should be", is_end=is_last)
                    return
                found = framing.frame_at(self._file, at)
                fault = found if isinstance(found, Fault) else Fault("", found.size, is_proven=True)

    def _one(self, at: int, fault: Fault) -> Part:
        frame = framing.unsound(self._file, at, fault.total, fault.reason, is_proven=fault.is_proven)
        return frame if frame is not None else Skipped(at, at + fault.total, fault.reason)

    def _whole(self, at: int, end: int, fault: Fault) -> Frame | None:
        """All up to the next batch, if nothing but its length is wrong: the checksum holds up to there."""
        head = self._file.piece(at, LEGACY_HEADER_BYTES)
        magic = head[_MAGIC_AT] if len(head) == LEGACY_HEADER_BYTES else 3
        if magic > 2 or end - at < PREFIX_BYTES + LEAST_LENGTH[magic] or not self._holds(at, end - at, magic):
            return None
        problem = f"{fault.reason}; its checksum holds for {end - at:,} bytes"
        return framing.unsound(self._file, at, end - at, problem, is_proven=True)

    def _unreadable(self, at: int, end: int, fault: Fault, *, is_last: bool) -> Skipped:
        given_up = "" if self._left > 0 or not is_last else " (too many bytes look like the beginning of a batch: the search was given up)"
        return Skipped(at, end, fault.reason + given_up)

    def next(self, start: int) -> int | None:
        """Where the next batch begins whose checksum holds; None when there is none."""
        at = start + _MAGIC_AT - _LENGTH_BEFORE
        while at + _LENGTH_BEFORE < self._end and self._left > 0:
            window = self._file.piece(at, CHUNK_BYTES // 2)
            if not window:
                return None
            zeros = len(window) - len(window.lstrip(b"\0"))
            if zeros > 2 * _MAGIC_AT:
                at += zeros - _MAGIC_AT
                continue
            for match in _MAGIC.finditer(window, _LENGTH_BEFORE):
                begin = at + match.start() - _MAGIC_AT
                if begin >= self._end:
                    return None
                if self._is_batch(begin, match[0][0]):
                    return begin
                if self._left <= 0:
                    return None
            at += max(len(window) - _BEHIND - _LENGTH_BEFORE, 1) if len(window) == CHUNK_BYTES // 2 else len(window)
        return None

    def _is_batch(self, at: int, magic: int) -> bool:
        self._left -= _LOOK_COST
        head = self._file.piece(at, framing.V2_HEADER_BYTES)
        if len(head) < LEGACY_HEADER_BYTES or head[0] > 0x7F:
            return False
        length = int.from_bytes(head[8:12], "big", signed=True)
        if not LEAST_LENGTH[magic] <= length <= min(self._file.size - at, framing.MOST_BATCH_BYTES) - PREFIX_BYTES:
            return False
        return (magic == 2 or self._adds_up(at, length, magic)) and self._holds(at, length + PREFIX_BYTES, magic)

    def _adds_up(self, at: int, length: int, magic: int) -> bool:
        """Whether key and value of an old message together have the length that it says: noughts and ones are everywhere."""
        key_at = at + LEGACY_HEADER_BYTES + (8 if magic == 1 else 0)
        key_bytes = int.from_bytes(self._file.piece(key_at, 4), "big", signed=True)
        if not -1 <= key_bytes <= length:
            return False
        value_bytes = int.from_bytes(self._file.piece(key_at + 4 + max(key_bytes, 0), 4), "big", signed=True)
        return value_bytes >= -1 and LEAST_LENGTH[magic] + max(key_bytes, 0) + max(value_bytes, 0) == length

    def _holds(self, at: int, total: int, magic: int) -> bool:
        self._left -= total
        said, found = framing.checksum_of(self._file, at, total, magic)
        return said == found
