"""The lag of a store's consumers, of a store that is there: its checkpoints and what lies above the lowest of them are read, no more.

That is put into a capture of its own, which is thrown away; so a store says of its consumers what a capture of it would. What a
consumer has skipped only a capture that followed the store can know. Read `lag` for the command.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event as Stop

    from inspector.ingest import Options
    from inspector.lag.report import Account
    from inspector.sources import Request
    from inspector.sources.groups import Place

MOST_EVENTS = 200_000
"""Above the lowest checkpoint; of what lies beyond, only positions are known."""
_NO_HOLES = (
    "what consumers have skipped only a capture knows that followed the store: eventscope capture URL --follow, then eventscope lag FILE"
)
_NONE = "the store keeps no checkpoint that can be read"


_Looked = tuple["Sequence[Account]", "Sequence[str]"]


@contextmanager
def looks_at_store(url: str, config: Mapping[str, str], names: Sequence[str], stop: Stop) -> Iterator[Iterator[_Looked]]:
    """Looks at a store, each when the next is asked for."""
    with tempfile.TemporaryDirectory(prefix="eventscope-lag-") as folder:
        yield _looks(url, config, names, Path(folder) / "lag.evcap", stop)


def _looks(url: str, config: Mapping[str, str], names: Sequence[str], path: Path, stop: Stop) -> Iterator[_Looked]:
    from inspector.capture.reader import CaptureReader
    from inspector.ingest import Options
    from inspector.lag.report import recorded
    from inspector.sources import Bound, Request

    options = Options(with_values=False, settings={"command": "lag"})
    while True:
        _read(url, config, path, Request(start=Bound(edge="latest")), options, stop)
        with CaptureReader(path) as reader:
            ranges = _unread(recorded(reader, names))
        if ranges:
            wanted = Request(logs=sorted({log for log, _ in ranges}), ranges=ranges)
            _read(url, config, path, wanted, replace(options, limit=MOST_EVENTS), stop)
        with CaptureReader(path) as reader:
            found = [_without_holes(account) for account in recorded(reader, names)]
        yield found, [_NO_HOLES if found else _NONE]


def _unread(accounts: Sequence[Account]) -> dict[Place, tuple[int, int]]:
    """What lies above the lowest checkpoint of each log."""
    ranges: dict[Place, tuple[int, int]] = {}
    for one in (row.standing for account in accounts for row in account.rows if row.standing.positions):
        assert one.committed is not None
        assert one.end is not None
        start, end = ranges.get(one.place, (one.committed, one.end))
        ranges[one.place] = min(start, one.committed), max(end, one.end)
    return ranges


def _without_holes(account: Account) -> Account:
    return replace(account, rows=[replace(row, holes=None) for row in account.rows])


def _read(url: str, config: Mapping[str, str], path: Path, request: Request, options: Options, stop: Stop) -> None:
    from inspector import ingest
    from inspector.sources import open_source

    source = open_source(url, config)
    try:
        ingest.run([(source, request)], path, options=options, stop=stop)
    finally:
        source.close()
