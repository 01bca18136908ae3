"""Files as a source, through the real command: once is once, what changes is said, what is damaged is found."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector import ingest
from inspector.cli import main
from inspector.errors import SourceError, UsageError
from inspector.event import RecordBatch
from inspector.formats import Chunk, Guess, Input, Place, Sample, Settings, recognise
from inspector.formats.json_lines import JsonLines
from inspector.formats.wishes import Wishes
from inspector.sources import Request, open_source, paths
from inspector.sources.files import FileSource


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    status = main([*arguments, "--print", "jsonl"])
    output = capsys.readouterr()
    return status, json.loads(output.out) if output.out else {}, output.err


def lines_of(count: int, first: int = 1) -> bytes:
    return b"".join(b'{"type":"T","n":%d}\n' % number for number in range(first, first + count))


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "a.evcap"


@pytest.fixture(autouse=True)
def folder(out: Path) -> None:
    out.parent.mkdir()


def test_rows_stand_at_their_line_and_bad_ones_are_found(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"n":1}\n\nnot json\n{"n":1.10}')
    status, summary, _ = told(capsys, "import", str(file), "-o", str(out))
    assert status == 1
    assert (summary["stored"], summary["undecodable"]) == (3, 1)
    assert rows(out, "SELECT position, flags & 64 != 0, data ->> 'n' FROM event ORDER BY seq") == [(1, 0, 1), (3, 1, None), (4, 0, 1.1)]
    assert rows(out, "SELECT CAST(value AS TEXT) FROM record WHERE seq = 3") == [('{"n":1.10}',)]
    (one,) = summary["inputs"]
    assert (one["rows"], one["is_whole"], one["format"], one["size_bytes"]) == (3, True, "JSON lines", file.stat().st_size)


def test_the_same_file_twice_adds_nothing_whatever_it_is_called(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.jsonl", "copy.jsonl"):
        (tmp_path / name).write_bytes(lines_of(100))
    assert told(capsys, "import", str(tmp_path / "a.jsonl"), "-o", str(out))[1]["stored"] == 100
    status, summary, said = told(capsys, "import", str(tmp_path / "a.jsonl"), str(tmp_path / "copy.jsonl"), "-o", str(out))
    assert (status, summary["stored"], summary["events"]) == (0, 0, 100)
    assert said.count("in the capture already") == 2


def test_standard_input_twice_adds_nothing(tmp_path: Path, out: Path) -> None:
    for stored in (50, 0):
        with (tmp_path / "in").open("w+b") as stream:
            stream.write(lines_of(50))
            stream.seek(0)
            source = FileSource([Path("-")], stdin=stream)
            assert ingest.run([(source, Request())], out).status.stored == stored
    assert rows(out, 'SELECT name, "rows", is_whole FROM input') == [("stdin", 50, 1)]


def test_a_file_that_grew_is_another_one_and_is_said(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines_of(10))

    class Growing(JsonLines):
        def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
            yield from super().read(source, settings)
            with file.open("ab") as more:
                more.write(lines_of(5, 11))

    monkeypatch.setattr(recognise, "formats", lambda: (Growing(),))
    status, summary, said = told(capsys, "import", str(file), "-o", str(out))
    assert status == 0
    assert "changed while it was read" in said
    assert not summary["inputs"][0]["is_whole"]
    assert rows(out, "SELECT is_whole FROM input") == [(0,)]


def test_files_that_fit_no_format_are_said_and_kept_as_evidence(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_bytes(lines_of(3))
    (tmp_path / "in" / "noise.bin").write_bytes(bytes(range(256)) * 4)
    status, summary, said = told(capsys, "import", str(tmp_path / "in"), "-o", str(out))
    assert (status, summary["stored"]) == (1, 3)
    assert "noise.bin: no format is known" in said
    assert [one["is_whole"] for one in summary["inputs"]] == [True, False]


def test_damaged_compression_keeps_what_stands_before_it(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = gzip.compress(lines_of(20_000), 1)
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    status, summary, said = told(capsys, "import", str(tmp_path / "a.jsonl.gz"), "-o", str(out))
    assert status == 1
    assert 5_000 < summary["stored"] < 20_000
    assert "damaged" in said
    assert not summary["inputs"][0]["is_whole"] or summary["inputs"][0]["gaps"]


class Claiming:
    """A format whose rows name their topic, partition and offset, in no order."""

    name = title = "claiming"
    loses = proves = "nothing"
    is_random_access = False

    def guesses(self, sample: Sample) -> list[Guess]:
        return [Guess(0.9, "made for the test")]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        documents = [json.loads(line) for line in source.stream]
        places = sorted({(one["t"], one["p"]) for one in documents})
        count = len(documents)
        yield Chunk(
            RecordBatch(
                log=[places.index((one["t"], one["p"])) for one in documents],
                position=[one["o"] for one in documents],
                time_us=[None] * count,
                time_kind=[0] * count,
                key=[None] * count,
                value=[b"%d" % one["o"] for one in documents],
                headers=[None] * count,
            ),
            [Place(topic, partition, is_claimed=True) for topic, partition in places],
        )


def test_rows_that_claim_their_place_come_together_from_several_files(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise, "formats", lambda: (Claiming(),))
    parts = {"late": range(100, 110), "early": range(50, 60), "again": range(55, 105)}
    for name, offsets in parts.items():
        lines = [json.dumps({"t": "orders", "p": offset % 2, "o": offset}) for offset in reversed(offsets)]
        (tmp_path / f"{name}.x").write_text("\n".join(lines))
    names = [str(tmp_path / f"{name}.x") for name in ("late", "early", "again")]
    _, summary, _ = told(capsys, "import", *names, "-o", str(out))
    assert (summary["stored"], summary["duplicates"], summary["conflicts"]) == (60, 10, 0)
    spans = (
        "SELECT log.partition, from_position, to_position, state, coverage.records FROM coverage JOIN log ON log.id = log_id ORDER BY 1, 2"
    )
    found = rows(out, spans)
    held = (*range(50, 110, 2), *range(51, 110, 2))
    assert [row for row in found if row[3] == "read"] == [(at % 2, at, at + 1, "read", 1) for at in held]
    assert [row for row in found if row[3] != "read"] == [
        (1 - at % 2, at, at + 1, "absent", 0) for at in (*range(51, 108, 2), *range(52, 109, 2))
    ]
    assert rows(out, "SELECT DISTINCT incarnation FROM log") == [("",)]


def test_a_limit_ends_it_and_the_rest_comes_later(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines_of(100))
    assert told(capsys, "import", str(file), "-o", str(out), "--limit", "30")[1]["stored"] == 30
    assert rows(out, "SELECT is_whole FROM input") == [(0,)]
    status, summary, _ = told(capsys, "import", str(file), "-o", str(out))
    assert (status, summary["stored"], summary["duplicates"], summary["events"]) == (0, 70, 30, 100)
    assert rows(out, "SELECT from_position, to_position FROM coverage") == [(1, 101)]


def test_progress_counts_bytes(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines_of(30_000))
    assert main(["import", str(tmp_path / "a.jsonl"), "-o", str(out), "--progress", "json"]) == 0
    told_lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    last = [line for line in told_lines if line["type"] == "progress"][-1]
    assert last["read_bytes"] == last["total_bytes"] == (tmp_path / "a.jsonl").stat().st_size
    assert last["wanted"] is None


def test_wrong_usage_says_what_to_do(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines_of(1))
    for arguments, words in (
        (["import", str(tmp_path / "b")], "no file or folder"),
        (["import", str(tmp_path / "a.jsonl"), "--format", "xyz"], "known: "),
        (["import", "-", str(tmp_path / "a.jsonl")], "read alone"),
        (["import", str(tmp_path / "a.jsonl"), "--zone", "Mars/Base"], "no time zone"),
    ):
        assert main([*arguments, "-o", str(out)]) == 2
        assert words in capsys.readouterr().err
    assert main(["import", str(tmp_path / "a.jsonl")]) == 2
    assert "-o FILE" in capsys.readouterr().err
    with pytest.raises(UsageError, match="--follow"):
        FileSource([tmp_path / "a.jsonl"]).pin(Request(follow=True))


def test_nothing_that_can_be_read_is_an_error(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines_of(1))
    source = FileSource([tmp_path / "a.jsonl"])
    (tmp_path / "a.jsonl").unlink()
    outcome = ingest.run([(source, Request())], out)
    assert outcome.exit_status == 3
    assert "cannot read" in outcome.stopped[0]


def test_a_file_has_an_address(tmp_path: Path, out: Path) -> None:
    file = tmp_path / "a b.jsonl"
    file.write_bytes(lines_of(4))
    source = open_source(file.as_uri().replace("%20", " "))
    assert ingest.run([(source, Request())], out).status.stored == 4
    with pytest.raises((UsageError, SourceError)):
        open_source("file:")


class Spying:
    """A source that claims folders named `data` and files that end in `.db`."""

    @staticmethod
    def claims(path: Path) -> str:
        return "a store" if path.name == "data" or path.suffix == ".db" else ""


def test_what_a_source_of_its_own_reads_is_not_read_as_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.jsonl", "b.db", "data/c.jsonl", "deep/d.db", "deep/e.jsonl"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(lines_of(1))
    monkeypatch.setattr(paths, "readers", lambda: [Spying])
    divided = paths.divide([tmp_path / "in", tmp_path / "in" / "b.db"])
    assert divided.files is not None
    assert [one.name for one in divided.files.files] == ["a.jsonl", "deep/e.jsonl"]
    assert [one.path.relative_to(tmp_path / "in").as_posix() for one in divided.claimed] == ["b.db", "data", "deep/d.db"]
    assert paths.divide([tmp_path / "in" / "data"]).files is None
    as_files = paths.divide([tmp_path / "in"], wishes=Wishes("json-lines"))
    assert as_files.files is not None
    assert len(as_files.files.files) == 5


def test_a_position_that_no_log_can_have_is_a_damaged_row_and_costs_no_other(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise, "formats", lambda: (Claiming(),))
    lines = [json.dumps({"t": "orders", "p": 0, "o": offset}) for offset in (0, 1, 2**63 - 1, -5, 2)]
    (tmp_path / "a.x").write_text("\n".join(lines))
    status, summary, _ = told(capsys, "import", str(tmp_path / "a.x"), "-o", str(out))
    assert (status, summary["stored"]) == (1, 5)
    found = "SELECT log.name, position, flags & 512 != 0 FROM event JOIN log ON log.id = log_id ORDER BY seq"
    assert rows(out, found) == [("orders", 0, 0), ("orders", 1, 0), ("a.x", 3, 1), ("a.x", 4, 1), ("orders", 2, 0)]


def test_what_is_not_whole_is_not_complete_and_is_found(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = gzip.compress(lines_of(20_000), 1)
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    assert main(["import", str(tmp_path / "a.jsonl.gz"), "-o", str(out), "--print", "jsonl"]) == 1
    assert main(["count", str(out), "--require-complete"]) == 5
    capsys.readouterr()
    assert main(["check", str(out), "--rule", "files", "--no-keep", "--format", "jsonl"]) == 1
    assert "compression is damaged" in json.loads(capsys.readouterr().out)["text"]


def test_an_absence_in_a_file_proves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognise, "formats", lambda: (Claiming(),))
    for name, offsets in (("a", range(5)), ("b", (0, 1, 3, 4))):
        (tmp_path / f"{name}.x").write_text("\n".join(json.dumps({"t": "orders", "p": 0, "o": offset}) for offset in offsets))
        assert main(["import", str(tmp_path / f"{name}.x"), "-o", str(tmp_path / f"{name}.evcap"), "--print", "jsonl"]) == 0
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "a.evcap"), str(tmp_path / "b.evcap"), "--format", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["only_read_by_a"] == 1
