"""A format as anyone may add one, for the tests: lines of columns between `|`, the first line their names, times without a zone.

`installed` makes it known to processes that are started from then on.
"""

from __future__ import annotations

import json
import os
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from inspector.event import Flag, RecordBatch, TimeKind, datetime_us
from inspector.formats import Chunk, Guess, Input, Sample, Settings
from inspector.formats.lines import lines

_ROOT = Path(__file__).parent.parent.parent
NAME = "pipes"


class Pipes:
    """Columns between `|`; which of them are time and key is the mapping's."""

    name = NAME
    title = "Columns between |"
    loses = "Such a table has no offsets and no headers: the position is the row's number."
    proves = "It proves what stands in the table, not that the table is complete."
    is_random_access = False

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good where the first two lines have as many columns."""
        first, *more = sample.lines(2) or [b""]
        if b"|" not in first or not more or more[0].count(b"|") != first.count(b"|"):
            return []
        names = first.decode(errors="replace").split("|")
        fields = {"time": next((name for name in names if "time" in name), ""), "key": names[0]}
        return [Guess(0.8, f"{len(names)} columns", {"fields": fields, "decoder": "json"}, ["zone"])]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        fields = settings.get("fields")
        assert isinstance(fields, Mapping)
        zone = zoneinfo.ZoneInfo(str(settings["zone"])) if settings.get("zone") else None
        names: list[str] = []
        for block in lines(source):
            rows = [text.decode(errors="replace").split("|") for text in block.texts]
            if not names:
                names, rows = rows[0], rows[1:]
            documents = [dict(zip(names, row, strict=False)) for row in rows]
            count = len(rows)
            times = [_time(document.get(fields["time"], ""), zone) for document in documents]
            yield Chunk(
                RecordBatch(
                    log=[0] * count,
                    position=list(range(max(block.first - 1, 1), max(block.first - 1, 1) + count)),
                    time_us=times,
                    time_kind=[int(TimeKind.none if time is None else TimeKind.create) for time in times],
                    key=[document[fields["key"]].encode() if fields.get("key") in document else None for document in documents],
                    value=[json.dumps(document).encode() for document in documents],
                    headers=[None] * count,
                    flags={row: int(Flag.damaged) for row, cells in enumerate(rows) if len(cells) != len(names)},
                    error={
                        row: f"{len(cells)} columns instead of {len(names)}" for row, cells in enumerate(rows) if len(cells) != len(names)
                    },
                )
            )


def _time(text: str, zone: zoneinfo.ZoneInfo | None) -> int | None:
    try:
        return None if zone is None else datetime_us(datetime.fromisoformat(text).replace(tzinfo=zone))
    except ValueError:
        return None


def install(folder: Path) -> str:
    """Writes into `folder` what makes it known; gives the `PYTHONPATH` for processes that shall know it."""
    told = folder / "pipes-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: pipes\nVersion: 1\n", encoding="utf-8")
    (told / "entry_points.txt").write_text(f"[eventscope.formats]\n{NAME} = tests.formats.pipe_format:Pipes\n", encoding="utf-8")
    return os.pathsep.join([str(folder), str(_ROOT)])


@pytest.fixture
def pipes(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The format is known to every process that is started in the test."""
    monkeypatch.setenv("PYTHONPATH", install(tmp_path_factory.mktemp("pipes")))
