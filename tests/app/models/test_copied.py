"""What the clipboard gets: as it was read, bounded, and the command that lists the same."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.exporting import export_arguments
from app.models import copied as module
from app.models.copied import command, copied
from app.models.wish import Wish
from inspector.capture.reader import CaptureReader
from inspector.cli import _parser
from tests.app.captures import START_US, Growing, capture


def test_lines_are_those_of_the_command_line(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 20)
    with CaptureReader(path) as reader:
        found = copied(reader, [7, 3], 2, "lines")
    assert [json.loads(line)["seq"] for line in found.text.splitlines()] == [7, 3]
    assert (found.events, found.asked) == (2, 2)


def test_what_is_copied_is_what_was_read_not_what_is_shown(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values(["a\u202e\tb".encode(), b"\xff\x00", None], key=b"k\n")
    with CaptureReader(tmp_path / "a.evcap") as reader:
        assert [copied(reader, [seq], 1, "value").text for seq in (1, 2, 3)] == ["a\u202e\tb", "0xff00", ""]
        assert copied(reader, [1], 1, "key").text == "k\n"


def test_copying_is_bounded_and_says_how_much_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 5)
    with CaptureReader(capture(tmp_path / "a.evcap", 20)) as reader:
        assert copied(reader, range(1, 21), 20, "key").events == 5
        assert copied(reader, range(1, 21), 20, "lines", most_characters=10).events == 1
        assert copied(reader, [99], 1, "key").events == 0


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish("time", newest_first=True, filter='key == "order-7"'),
        Wish("log", filter="it's", time_range=(START_US + 3_000, START_US + 9_000)),
    ],
)
def test_the_command_runs_and_lists_the_same(tmp_path: Path, wish: Wish) -> None:
    path = capture(tmp_path / "a.evcap", 60)
    words = shlex.split(command(path, wish))
    assert words[:2] == ["eventscope", "events"]
    done = subprocess.run([sys.executable, "-m", "inspector.cli", *words[1:]], capture_output=True, text=True, timeout=60, check=True)
    assert len(done.stdout.splitlines()) == {"": 60, 'key == "order-7"': 2, "it's": 0}[wish.filter]


@pytest.mark.parametrize("text", ["-data.n == 1", "-1==data.n", "--replace", "data.n == 1"])
def test_a_filter_that_begins_like_an_option_is_none(text: str) -> None:
    wish = Wish(filter=text)
    for words in (
        shlex.split(command(Path("a.evcap"), wish))[1:],
        ["export", *export_arguments(Path("a.evcap"), wish, ".csv"), "-o", "b.csv"],
    ):
        assert _parser().parse_args(words).filter == text
