"""What a capture wants hidden is hidden wherever it is opened: in rows, events, parts, streams, states, counts; filters still find it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from inspector.capture import report
from inspector.capture.asking import EventQuery
from inspector.capture.masked import masks_of, open_masked, rules_of
from inspector.capture.overview import overview, streams_like, streams_of
from inspector.capture.pieces import piece, sizes, whole
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import names_of
from inspector.capture.streams import find_stream, stream_batches, streams
from inspector.capture.writer import CaptureWriter
from inspector.cli import main
from inspector.errors import CaptureError
from inspector.masks import SIGN
from inspector.query import condition
from inspector.query.seen import known
from inspector.replay import Replay
from inspector.replay.question import Question
from tests.replay.captures import Log, Written, write

CANARY = "canary-7f3"
MAIL = f"{CANARY}@example.org"
RULES = """
[masks]
paths = ["data.secret", "data.card.number", 'headers["x"]', "actor"]
patterns = ["email"]
"""
DATA = f'{{"secret":"{CANARY}","card":{{"number":"{CANARY}","n":1.50}},"text":"to {MAIL}","total":9.90}}'


def made(path: Path) -> Path:
    events = [
        Written(0, DATA, stream=MAIL, actor=CANARY, event_id=MAIL, version=1),
        Written(1, DATA.replace("9.90", "10"), stream=MAIL, version=2),
        Written(2, f"raw {CANARY}", stream="other", is_document=False),
        Written(3, '{"total":1e400}', stream="other"),
    ]
    write(path, [Log(events)])
    with CaptureWriter(path, floor_bytes=0) as writer:
        writer.note_setting("masks", RULES)
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("masked") / "a.evcap")


def test_no_answer_has_what_is_hidden(path: Path) -> None:
    with open_masked(path) as reader:
        stream = next(iter(streams(reader)))
        said = [
            reader.rows(1, 10),
            reader.rows_by_seq([3, 1, 2]),
            [reader.event(seq) for seq in (1, 2, 3, 4)],
            list(reader.events(EventQuery(order="time", reverse=True))),
            list(streams(reader)),
            streams_of(reader, 1),
            streams_like(reader, "c"),
            list(stream_batches(reader, stream.id)),
            list(report.count_by(reader, "stream", None)),
            report.info(reader),
            [whole(reader, 1, part, 10_000) for part in ("key", "value", "data")],
            piece(reader, 3, "value", 0, 100),
            Replay(reader, Question(MAIL)).answer().to_dict(),
            list(Replay(reader, Question(MAIL, steps=True)).steps()),
        ]
    assert CANARY not in repr(said)
    assert SIGN in repr(said)


def test_what_is_not_hidden_is_to_the_letter(path: Path) -> None:
    with open_masked(path) as reader, CaptureReader(path) as clear:
        first, other = reader.event(1), reader.event(4)
        assert first is not None
        assert first.data == f'{{"secret":"{SIGN}","card":{{"number":"{SIGN}","n":1.50}},"text":"to {SIGN}","total":9.90}}'
        assert first.value == first.data.encode()
        assert other == clear.event(4)
        row = reader.rows(1, 1)[0]
        assert row.value_preview == first.value
        assert (row.key, row.stream, row.actor) == (SIGN.encode(), SIGN, SIGN)
        hidden = reader.event(3)
        assert hidden is not None
        assert hidden.value == SIGN.encode()
        found = sizes(reader, 1)
        assert found is not None
        assert found.value == len(first.value)


def test_filters_ask_what_is_stored(path: Path) -> None:
    with open_masked(path) as reader:
        wanted = EventQuery(condition=condition(f'data.secret == "{CANARY}" && data.total > 9.5'))
        assert [event.seq for event in reader.events(wanted)] == [1, 2]
        assert find_stream(reader, MAIL).name == SIGN


def test_a_saved_copy_keeps_the_masks_and_says_so(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "copy.evcap"
    assert main(["save", str(path), str(out)]) == 0
    assert "can take the masks off" in capsys.readouterr().out
    with open_masked(out) as reader:
        assert rules_of(reader) == RULES
        assert CANARY not in "".join(str(event) for event in reader.events())


def test_a_capture_made_with_masks_brings_them_along(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, rules = tmp_path / "shop.db", tmp_path / "rules.toml"
    with closing(apsw.Connection(str(store))) as connection:
        connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, id, version, reason, type, timestamp, data, metadata)")
        row = (1, "order-1", 1, "Placed", "order", "2026-11-23T08:00:00Z", DATA, "{}")
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    rules.write_text(RULES)
    for wanted, hidden in (("production", MAIL), (str(rules), CANARY)):
        out = tmp_path / f"{Path(wanted).stem}.evcap"
        assert main(["capture", f"sqlite:///{store}", "--output", str(out), "--masks", wanted]) == 0
        capsys.readouterr()
        assert main(["events", str(out)]) == 0
        printed = capsys.readouterr().out
        assert SIGN in printed
        assert hidden not in printed
    assert main(["capture", f"sqlite:///{store}", "--output", str(tmp_path / "x.evcap"), "--masks", str(tmp_path / "none.toml")]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "x.evcap").exists()


def test_unmasked_is_clear(path: Path) -> None:
    with open_masked(path, unmasked=True) as reader:
        event = reader.event(1)
    assert event is not None
    assert event.data == DATA
    found = masks_of(path)
    assert found is not None
    assert found.rules == 5


def test_rules_that_cannot_be_understood_hide_everything_until_they_are_taken_off(tmp_path: Path) -> None:
    path = made(tmp_path / "a.evcap")
    with CaptureWriter(path, floor_bytes=0) as writer:
        writer.note_setting("masks", '[masks]\npaths = ["nowhere"]')
    with pytest.raises(CaptureError, match="--unmasked"):
        open_masked(path)
    with open_masked(path, unmasked=True) as reader:
        assert rules_of(reader)


COMMANDS = [
    "events FILE",
    "events FILE --format table",
    "events FILE --filter data.total>1",
    "streams FILE",
    "streams FILE --format table",
    "count FILE --by stream",
    "info FILE",
    f"replay FILE {MAIL}",
    f"replay FILE {MAIL} --steps",
    f"replay FILE {MAIL} --blame --format table",
    f"replay FILE {MAIL} --diff 1",
    "replay FILE nobody",
    "notes FILE",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_what_is_hidden(path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    status = main([part.replace("FILE", str(path)) for part in command.split()])
    out, err = capsys.readouterr()
    assert CANARY not in out.replace(str(path), "") + err, command
    assert status in {0, 2}


def test_unmasked_commands_show_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", str(path), "--unmasked", "--limit", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["secret"] == CANARY
    assert main(["info", str(path), "--format", "jsonl"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert (info["masks"], info["unmasked"]) == (5, True)


def test_a_type_is_hidden_as_any_other_name_is(tmp_path: Path) -> None:
    write(tmp_path / "a.evcap", [Log([Written(0, '{"a":1}', stream="one", type=f"Sent to {MAIL}", version=1)])])
    with open_masked(tmp_path / "a.evcap", rules='[masks]\npatterns = ["email"]\npaths = ["schema_version"]') as reader:
        said = [
            reader.rows(1, 10),
            reader.event(1),
            overview(reader),
            names_of(reader, "type"),
            known(reader),
            list(report.count_by(reader, "type", None)),
            list(stream_batches(reader, find_stream(reader, "one").id)),
        ]
    assert CANARY not in repr(said)
    assert all(f"Sent to {SIGN}" in repr(one) for one in said)
