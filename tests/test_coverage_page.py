"""The coverage statement: its numbers are those of `eventscope info`, hostile text is text, nothing in it runs or is fetched."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.capture.findings import Findings
from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.coverage_page import page, statement
from inspector.coverage_words import CAN, CANNOT, conclusions
from inspector.sources import SourceInfo
from tests.app import finding_captures
from tests.replay.captures import Log, Written, write

HOSTILE = "<script>alert(1)</script>\u202e&\x00"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


class Read(HTMLParser):
    """A page as lists of rows by the class (or id) of their table, its other texts, and the names of its elements."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._rows: list[list[str]] | None = None
        self._cell: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "table":
            values = dict(attrs)
            self._rows = self.tables.setdefault(str(values.get("class") or values.get("id")), [])
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._rows is not None and self._cell is not None:
            self._rows[-1].append("".join(self._cell))
            self._cell = None
        elif tag == "table":
            self._rows = None

    def handle_data(self, data: str) -> None:
        (self._cell if self._cell is not None else self.texts).append(data)


def reported(path: Path, out: Path, *options: str) -> Read:
    assert main(["report", str(path), "-o", str(out), *options]) == 0
    return Read(out.read_text(encoding="utf-8"))


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["info", str(path), "--format", "jsonl"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[0])
    return found


def number(text: str) -> int:
    return int(text.replace(",", ""))


def partial(path: Path) -> Path:
    """Two partitions, one of them with stretches that are not here, and a control record."""
    events = [Written(n, '{"n":1}', version=n, event_id=f"a-{n}") for n in range(1_500)]
    lost = [(40, 90, "retention"), (90, 95, "not fetched")]
    few = [Written(n, '{"n":1}', "b", version=n, event_id=f"b-{n}", flags=8 if n == 3 else 0) for n in range(40)]
    return write(path, [Log(events, "shop"), Log(few, "shop", 1, read=[(0, 40)], end=95, absent=lost)])


def test_the_numbers_are_those_of_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = partial(tmp_path / "a.evcap")
    read = reported(path, tmp_path / "page.html")
    said = told(path, capsys)
    about = {row[0]: row[1] for row in read.tables["capture"]}
    assert about["id"] == said["id"]
    assert number(about["events"]) == said["events"] == 1_540
    assert [number(about[name]) for name in ("asked", "read")] == [said["scope"]["asked"], said["scope"]["read"]]
    assert number(about["absent"]) == sum(said["scope"]["absent"].values()) == 55
    logs = [[row[0], *map(number, (row[1], row[2], row[3], row[7], row[8]))] for row in read.tables["logs"][1:]]
    names = ("log", "partition", "first", "end", "captured", "bytes")
    assert logs == [[log[name] for name in names] for log in said["logs"]]
    assert [row[4] for row in read.tables["logs"][1:]] == ["0 to 1,500", "0 to 95"]
    stretches = [[number(row[0]), number(row[1]), row[2], row[3]] for row in read.tables["stretches"][1:]]
    wanted = [[one["from"], one["to"], one["state"], one["reason"] or ""] for one in said["logs"][1]["coverage"]]
    assert stretches == wanted
    assert "no checks were run here" in "".join(read.texts)


def test_flags_and_findings_are_told_with_what_they_rest_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = finding_captures.faulty(tmp_path / "a.evcap")
    main(["check", str(path), "--format", "jsonl"])
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    read = reported(path, tmp_path / "page.html")
    assert ["undecodable", "1"] in read.tables["flags"]
    rows = [(row[1], number(row[2]), row[3], row[4]) for row in read.tables["findings"][1:]]
    assert rows == [(one["text"], one["count"], one["assumption"], one["legal_because"]) for one in listed]
    assert len(read.tables["checks"]) == 13
    assert f"Whether {len(listed)} findings below are faults: each says when it could be legal." in read.texts


def test_files_are_told_with_what_each_can_prove(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "orders <b>.jsonl"
    file.write_text("".join(f'{{"n":{n}}}\n' for n in range(30)) + "{broken\n", encoding="utf-8")
    assert main(["import", str(file), "-o", str(tmp_path / "a.evcap")]) == 1, "one line is damaged"
    read = reported(tmp_path / "a.evcap", tmp_path / "page.html")
    (row,) = read.tables["files"][1:]
    with CaptureReader(tmp_path / "a.evcap") as reader:
        ((size, digest, proves, loses),) = reader.select("SELECT size_bytes, sha256, proves, loses FROM input")
    assert row[0].endswith("orders <b>.jsonl")
    assert (number(row[1]), row[2], row[4]) == (size, digest, "yes")
    assert row[6] == proves
    assert loses in row[7]


def test_hostile_names_are_text_and_nothing_runs_or_is_fetched(tmp_path: Path) -> None:
    log = Log([Written(0, "{}", HOSTILE)], HOSTILE, filter=HOSTILE, absent=[(1, 4, HOSTILE)], end=4)
    path = write(tmp_path / "a.evcap", [log], SourceInfo("kafka", f"kafka://{HOSTILE}", HOSTILE))
    read = reported(path, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert read.tables["logs"][1][0] == "<script>alert(1)</script>⟨U+202E⟩&⟨U+0000⟩"
    assert not {"script", "img", "link", "iframe", "object", "a", "svg"} & read.tags
    assert not {name for name in read.attributes if name.startswith("on") or name in {"src", "href", "style"}}
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x08]", text)
    assert "url(" not in text
    assert "@import" not in text


def test_what_masks_hide_is_not_on_the_page(tmp_path: Path) -> None:
    path = finding_captures.faulty(tmp_path / "a.evcap")
    main(["check", str(path)])
    masks = tmp_path / "masks.toml"
    masks.write_text('[masks]\npaths = ["id"]\n', encoding="utf-8")
    read = reported(path, tmp_path / "page.html", "--masks", str(masks))
    assert not any(finding_captures.ODD_ID in row[1] for row in read.tables["findings"])


def test_a_page_is_replaced_only_when_asked_and_has_an_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = finding_captures.clean(tmp_path / "a.evcap"), tmp_path / "page.html"
    reported(path, out)
    assert out.stat().st_mode & 0o077 == 0
    assert main(["report", str(path), "-o", str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["report", str(path), "-o", str(path)]) == 2
    assert main(["report", str(path), "-o", str(tmp_path / "no" / "page.html")]) != 0
    assert main(["report", str(path), "-o", str(out), "--replace", "--progress", "json"]) == 0
    assert json.loads(capsys.readouterr().err.splitlines()[-2])["type"] == "reported"


def test_a_capture_of_an_older_form_has_no_files(tmp_path: Path) -> None:
    path = finding_captures.clean(tmp_path / "a.evcap")
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE input; DROP TABLE finding")
    connection.close()
    with CaptureReader(path) as reader:
        assert "Files that were read" not in page(statement(reader, made_us=0))


def test_an_incomplete_account_is_never_called_complete() -> None:
    said = {"scope": {"asked": 10, "read": 4, "absent": {"retention": 6}, "complete": False, "stopped": None}, "events": 4, "conflicts": 2}
    lists = dict(conclusions(said, [], {"damaged": 1}, Findings([], {})))
    assert lists[CAN] == ["4 of 10 positions that were asked for were read; 4 events are held."]
    assert lists[CANNOT] == [
        "What stood at 6 positions that were asked for: retention.",
        "What is still to come: the last run goes on, or was killed.",
        "Which bytes were right at 2 positions that were read twice and differed.",
        "What 1 damaged record held.",
        "Whether there are gaps, duplicates or other faults: no checks were run here.",
        "Whether what the source held was right: only what it held was read.",
    ]
