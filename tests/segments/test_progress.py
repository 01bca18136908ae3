"""How far an import of segments is: in bytes, always further, and at its end all of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from inspector.ingest import Listener, Options, Status, run
from inspector.segments import survey
from inspector.sources import Bound, Request, open_source
from tests.segments import encoder
from tests.segments.encoder import Batch, Rec
from tests.segments.reading import folder


class Watching(Listener):
    """Keeps how far it was said to be."""

    def __init__(self) -> None:
        self.reached: list[int] = []
        self.total: int | None = None

    def progressed(self, status: Status) -> None:
        self.reached.append(status.read_bytes)
        self.total = status.total_bytes


def imported(path: Path, out: Path, request: Request) -> Watching:
    watching = Watching()
    with closing(open_source(f"kafka-log://{path}")) as source:
        run([(source, request)], out, options=Options(floor_bytes=0), listener=watching)
    return watching


def batches(first: int, count: int) -> bytes:
    return b"".join(encoder.batch(Batch(base, [Rec(b"x" * 200)] * 500)) for base in range(first, first + 500 * count, 500))


@pytest.mark.parametrize("start", [Bound(edge="earliest"), Bound(last=700), Bound(position=10**6)])
def test_it_moves_in_bytes_and_ends_at_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Bound) -> None:
    monkeypatch.setattr(survey, "_SAY_EVERY_BYTES", 500_000)
    damaged = batches(30_000, 10)[:-100]
    folder(tmp_path, {0: batches(0, 60), 30_000: damaged})
    folder(tmp_path, {0: batches(0, 20) + bytes(100_000)}, "orders-1")
    folder(tmp_path, {0: b"\xff" * 70_000}, "orders-2")
    size = sum(file.stat().st_size for file in tmp_path.glob("*/*.log"))
    watching = imported(tmp_path, tmp_path / "a.evcap", Request(start=start))
    assert watching.total == size
    assert watching.reached == sorted(watching.reached)
    assert watching.reached[-1] == size
    assert len(set(watching.reached)) > (8 if start.position is None else 1)
    again = imported(tmp_path, tmp_path / "a.evcap", Request(start=start))
    assert again.reached[-1] == size


def test_newest_first_says_positions(tmp_path: Path) -> None:
    watching = imported(folder(tmp_path, {0: batches(0, 10)}), tmp_path / "a.evcap", Request(newest_first=True))
    assert watching.total is None
