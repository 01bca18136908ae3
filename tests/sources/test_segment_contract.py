"""A partition's folder as a source like all others; only following it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.sources import Request, Source, open_source
from tests.contracts import SourceContract, SourceSubject
from tests.segments import encoder
from tests.segments.reading import folder


class Folder:
    """A folder of segments that grows by a batch at a time."""

    log = "orders"

    def __init__(self, path: Path) -> None:
        self._root, self._count = path, 0
        folder(path, {0: b""})
        self.append(5)

    def open(self) -> Source:
        return open_source(f"kafka-log://{self._root}")

    def append(self, count: int) -> None:
        with (self._root / "orders-0" / f"{0:020}.log").open("ab") as file:
            file.write(encoder.batch(encoder.Batch(self._count, [encoder.Rec()] * count)))
        self._count += count


class TestSegmentFiles(SourceContract):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path)

    def test_following_gives_what_is_appended_and_empty_batches_between(self, subject: SourceSubject) -> None:
        source = subject.open()
        with pytest.raises(UsageError, match="not followed"):
            source.pin(Request(follow=True))
        source.close()

    test_stop_ends_following_within_a_second = test_following_gives_what_is_appended_and_empty_batches_between
