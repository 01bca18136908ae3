"""The reading commands as a script sees them: fields, formats, scope, exit statuses, start times and what they import."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from tests.capture.batches import events, records
from tests.capture.test_writer import Writing
from tests.sources.stores import orders

COMMAND = [sys.executable, "-m", "inspector.cli"]
EVENT_FIELDS = {
    *("seq", "log", "partition", "position", "time", "time_kind", "recorded_time", "captured_time", "key", "value", "headers", "stream"),
    *("category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "data", "metadata", "decoder"),
    *("error", "flags", "value_bytes", "extra"),
}


def run(*arguments: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 of 200 asked positions."""
    file = tmp_path_factory.mktemp("read") / "a.evcap"
    writing = Writing(file)
    batch = events(records(range(100)))
    batch.records.key[3] = "\u202ekey".encode()
    batch.records.value[4] = b'{"n": 1234567890123456789012345678901234567890, "x": 1.10}'
    writing.append(batch, {0: (0, 100)})
    writing.writer.end(writing.reading, "limit")
    writing.stager.close()
    writing.writer.close()
    return file


def test_events_have_every_field_of_the_contract(path: Path) -> None:
    lines = [json.loads(line) for line in run("events", path).stdout.splitlines()]
    assert len(lines) == 100
    assert set(lines[0]) == EVENT_FIELDS
    assert lines[0]["time"] == "2023-11-14T22:13:20.000000Z"
    assert lines[0]["headers"] == []


def test_numbers_keep_their_digits(path: Path) -> None:
    line = run("events", path, "--from", "4", "--until", "5").stdout
    assert "1234567890123456789012345678901234567890" in line.split('"data"')[1]
    assert "1.10" in line.split('"data"')[1]


@pytest.mark.parametrize("order", ["arrival", "log", "time"])
def test_orders_limits_and_reverse(path: Path, order: str) -> None:
    def positions(*more: str) -> list[int]:
        return [json.loads(line)["position"] for line in run("events", path, "--order", order, *more).stdout.splitlines()]

    assert positions("--limit", "3") == [0, 1, 2]
    assert positions("--reverse", "--limit", "3") == [99, 98, 97]
    assert positions("--from", "2023-11-14T22:13:20.090Z", "--until", "2023-11-14T22:13:20.093Z") == [90, 91, 92]


def test_scope_says_what_was_not_read(path: Path) -> None:
    done = run("events", path, "--limit", "1")
    scope = json.loads(done.stderr)["scope"]
    assert scope == {"asked": 2000, "read": 100, "absent": {"not fetched": 1900}, "complete": False, "stopped": "limit"}
    run("events", path, "--limit", "1", "--require-complete", status=5)
    run("count", path, "--require-complete", status=5)
    run("streams", path, "--require-complete", status=5)


def test_info_covers_everything_available_in_order(path: Path) -> None:
    info = json.loads(run("info", path).stdout)
    assert {"events", "sources", "logs", "unmasked"} <= set(info)
    coverage = info["logs"][0]["coverage"]
    assert [(part["from"], part["to"], part["state"], part["reason"]) for part in coverage] == [
        (0, 100, "read", None),
        (100, 1000, "absent", "not fetched"),
    ]


def test_info_says_what_each_log_was_decoded_by(path: Path, tmp_path: Path) -> None:
    assert json.loads(run("info", path).stdout)["logs"][0]["decoders"] == {"json": 100}
    lines = [line.split() for line in run("info", path, "--format", "table").stdout.splitlines()]
    assert ["t", "0", "json", "100"] in lines
    older = tmp_path / "older.evcap"
    shutil.copy(path, older)
    connection = apsw.Connection(str(older))
    connection.execute("DROP TABLE usage")
    connection.close()
    assert "decoders" not in json.loads(run("info", older).stdout)["logs"][0]


def test_streams_and_counts(path: Path) -> None:
    (first, *_) = [json.loads(line) for line in run("streams", path).stdout.splitlines()]
    assert set(first) == {"stream", "category", "source", "events", "first_time", "last_time"}
    counted = json.loads(run("count", path, "--filter", "data.n >= 50").stdout)
    assert (counted["count"], counted["not_applicable"]) == (51, 0)
    assert json.loads(run("count", path, "--by", "type").stdout) == {"type": "OrderPlaced", "count": 100}
    assert json.loads(run("count", path, "--by", "decoder").stdout) == {"log": "t", "decoder": "json", "count": 100}
    assert [json.loads(line)["count"] for line in run("count", path, "--every", "50ms").stdout.splitlines()] == [50, 50]


def test_table_shows_hostile_text_as_escapes(path: Path) -> None:
    table = run("events", path, "--format", "table").stdout
    assert "⟨U+202E⟩key" in table
    assert "\u202e" not in table


def test_mistakes_have_their_exit_status(path: Path, tmp_path: Path) -> None:
    assert "no field 'nope'" in run("events", path, "--filter", "nope == 1", status=2).stderr
    assert "no stream" in run("events", path, "--stream", "nobody", status=2).stderr
    assert "there is no capture" in run("info", tmp_path / "none.evcap", status=4).stderr
    assert "is not a position, a time with its zone" in run("events", path, "--from", "yesterday", status=2).stderr
    assert "sqlite://" in run("logs", "mongo://x", status=2).stderr
    assert "password" in run("logs", "kafka://user:secret@host:9092", status=2).stderr
    run("events", status=2)
    run("nonsense", status=2)


def test_values_that_start_with_a_dash_may_stand_apart(path: Path) -> None:
    assert run("events", path, "--from", "-15m").stdout == ""
    assert "--reverse --limit 5" in run("events", path, "--from", "-5", status=2).stderr


def test_closed_pipe_is_quiet(path: Path) -> None:
    process = subprocess.Popen([*COMMAND, "events", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(30)
    assert "Traceback" not in errors


_IMPORTED = """
import sys
from inspector.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["events", "FILE", "--limit", "1"], ["info", "FILE"], ["count", "FILE"]])
def test_commands_import_no_qt_and_nothing_heavy(path: Path, arguments: list[str]) -> None:
    given = [str(path) if argument == "FILE" else argument for argument in arguments]
    done = subprocess.run([sys.executable, "-c", _IMPORTED, *given], capture_output=True, text=True, timeout=60, check=True)
    imported = set(done.stderr.split())
    assert not {name for name in imported if name.startswith(("PySide6", "pyqtgraph", "sqlalchemy", "confluent_kafka", "numpy", "app."))}


def test_interrupted_capture_ends_cleanly(tmp_path: Path) -> None:
    store, out = orders(tmp_path / "shop.db", 50), tmp_path / "a.evcap"
    for number, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 130)):
        process = subprocess.Popen(
            [*COMMAND, "capture", f"sqlite:///{store}", "-o", str(out), "--follow", "--progress", "json"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stderr is not None
        while json.loads(process.stderr.readline())["type"] != "progress":
            pass
        process.send_signal(number)
        threading.Thread(target=process.stderr.read).start()
        assert process.wait(30) == expected
        process.stderr.close()
        assert sorted(file.name for file in tmp_path.iterdir()) == ["a.evcap", "shop.db"]
        assert json.loads(run("info", out).stdout)["scope"]["stopped"] == "cancelled"


def test_no_stranger_speaks_to_the_terminal(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "b.evcap"
    copy.write_bytes(path.read_bytes())
    connection = apsw.Connection(str(copy))
    connection.execute("UPDATE source SET uri = 'kafka://a' || char(27) || '[2J'; UPDATE capture SET tool = char(155) || '31m'")
    connection.execute("UPDATE run SET stopped = char(27) || ']0;x' || char(7)")
    connection.close()
    told = run("info", copy, "--format", "table")
    wrong = run("events", copy, "--stream", "a\x1b[2J\neventscope: forged", status=2)
    assert len(wrong.stderr.splitlines()) == 1, "what is wrong is one sentence, whoever is quoted in it"
    for text in (told.stdout, told.stderr, wrong.stderr):
        assert "\x1b" not in text
        assert "\x9b" not in text
