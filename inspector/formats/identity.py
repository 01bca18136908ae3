"""Which bytes a file had: its size, time and SHA-256, told before it is read and again afterwards. Knows no format.

Read `sources.files` for who asks, `opening` for the reading.
"""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from inspector.errors import SourceError
from inspector.formats.expansion import STEP_BYTES
from inspector.formats.opening import Found, unreadable
from inspector.plain_files import open_plain


class _State(NamedTuple):
    """What tells one state of a file from another without reading it."""

    device: int
    number: int
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Which bytes a file had. Of a member of an archive `size_bytes` is what it takes there, and `sha256` that of the archive's
    bytes, a zero byte and the member's name."""

    size_bytes: int
    modified_us: int
    sha256: str
    whole_bytes: int
    """The size of the file itself: the archive's for a member."""
    note: str = ""
    """Of a member: which archive, and how its hash is made."""


class Change(NamedTuple):
    """What became of a file while it was read, in words; empty for nothing. From `cut_at` on its bytes are gone."""

    words: str = ""
    cut_at: int | None = None


UNCHANGED = Change()


class Identities:
    """Tells them for the files of one import; an archive is hashed once for all its members, as long as it stays as it was.

    Hashing ends early when `stop` is set: the hash is of what was read until then, and nobody should ask for it.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()
        self._path: Path | None = None
        self._state: _State | None = None
        self._digest = hashlib.sha256()

    def before(self, found: Found) -> Identity:
        """As the file lies there now. Raises SourceError when it cannot be read."""
        if found.member is None or found.path != self._path:
            self._path, self._state, self._digest = found.path, *self._hashed(found.path)
        assert self._state is not None
        return _identity(found, self._state, self._digest)

    def after(self, found: Found, before: Identity) -> Change:
        """What became of the file since `before` was told. What was appended is not hashed."""
        try:
            if found.member is not None:
                return UNCHANGED if self.is_unchanged(found) else Change("its archive changed while it was read; import it again")
            state, digest = self._hashed(found.path, before.whole_bytes)
        except SourceError as error:
            return Change(f"it changed while it was read: {error}")
        sizes = f"{before.whole_bytes:,} bytes before, {state.size_bytes:,} after"
        if state.size_bytes < before.whole_bytes:
            return Change(f"it changed while it was read: it was cut, {sizes}; import it again", cut_at=state.size_bytes)
        if digest.hexdigest() != before.sha256:
            return Change(f"it changed while it was read: other bytes stand in it, {sizes}; import it again")
        if state.size_bytes > before.whole_bytes:
            return Change(f"it changed while it was read: it grew, {sizes}; what was added is not read: import it again")
        return UNCHANGED

    def is_unchanged(self, found: Found) -> bool:
        """Whether the file is the one that was hashed last, as far as size and times tell."""
        try:
            with open_plain(found.path) as file:
                return self._path == found.path and _state_of(file.fileno()) == self._state
        except OSError:
            return False

    def _hashed(self, path: Path, most_bytes: int | None = None) -> tuple[_State, hashlib._Hash]:
        """The state and hash of a file as long as it was when it was opened, or of so many of its bytes."""
        digest = hashlib.sha256()
        try:
            with open_plain(path) as file:
                state = _state_of(file.fileno())
                left = state.size_bytes if most_bytes is None else most_bytes
                while left and not self._stop.is_set() and (block := file.read(min(STEP_BYTES, left))):
                    digest.update(block)
                    left -= len(block)
        except OSError as error:
            raise unreadable(path, error) from None
        return state, digest


def _state_of(number: int) -> _State:
    status = os.fstat(number)
    return _State(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _identity(found: Found, state: _State, digest: hashlib._Hash) -> Identity:
    modified_us, member = state.modified_ns // 1000, found.member
    if member is None:
        return Identity(state.size_bytes, modified_us, digest.hexdigest(), state.size_bytes)
    own = digest.copy()
    own.update(b"\0" + member.name.encode("utf-8", "surrogateescape"))
    note = (
        f"a member of the ZIP archive {found.path.name} of {state.size_bytes:,} bytes with SHA-256 {digest.hexdigest()}: "
        f"{member.packed_bytes:,} bytes there, {member.plain_bytes:,} unpacked, CRC-32 {member.crc:08x}. "
        "Its own SHA-256 here is that of the archive's bytes, a zero byte and the member's name"
    )
    return Identity(member.packed_bytes, modified_us, own.hexdigest(), state.size_bytes, note)
