"""`eventscope report`: a page whose numbers are those of `info`, that holds nothing but text, and claims nothing unproved."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import checks
from inspector.cli import main
from tests.checks.contract import SPOILINGS
from tests.replay.captures import KAFKA, SECOND_US, Log, Written, write

EVIL = "<img src=x onerror=alert(1)>\u202e\"'&amp;</td><script>alert(2)</script>"


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.sections: dict[str, str] = {}
        self._title = ""
        self._tag = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self._tag = tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "
        if self._tag == "h2" and data.strip():
            self._title = data
            self._tag = ""
        self.sections[self._title] = self.sections.get(self._title, "") + f"{data} "


def report(path: Path, *options: str) -> Page:
    out = path.with_suffix(".html")
    assert main(["report", str(path), "-o", str(out), "--replace", *options]) == 0
    return Page(out.read_text(encoding="utf-8"))


def info(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    main(["info", str(path), "--format", "jsonl"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def events(count: int, **changes: Any) -> list[Written]:
    return [Written(n, f'{{"n":{n}}}', time_us=n * SECOND_US, event_id=f"e-{n}", **changes) for n in range(count)]


def test_numbers_are_those_of_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = [
        Log(events(1_500), read=[(0, 1_500)], end=2_000, absent=[(1_500, 1_600, "retention")]),
        Log(events(20), name="paid", partition=3),
    ]
    path = write(tmp_path / "a.evcap", logs)
    page, said = report(path), info(path, capsys)
    assert f"{said['events']:,} events. Not all that was asked for was read." in page.text
    assert f"{said['scope']['asked']:,} positions asked for, {said['scope']['read']:,} read" in page.text
    for reason, count in said["scope"]["absent"].items():
        assert f"{count:,} absent ({reason})" in page.text
    for log in said["logs"]:
        assert f"{log['log']} {log['partition']} {log['first']:,} to {log['end']:,}" in page.sections["Logs"]
        assert f" {log['captured']:,} " in page.sections["Logs"]
    assert said["id"] in page.text
    assert "100 positions are not here (retention)" in page.sections["What it does not prove"]
    assert "every one was read" not in page.text


def test_checks_that_were_not_run_are_no_silence(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log(events(20))])
    assert "No checks were run here." in report(path).sections["Findings"]
    assert "No checks were run" in report(path).sections["What it does not prove"]
    main(["check", str(path)])
    page = report(path)
    assert f"Nothing found by {len(checks.known())} checks." in page.sections["Findings"]
    assert "No checks were run" not in page.text
    assert "every one was read" in page.sections["What this capture proves"]


def test_findings_stand_with_their_excuse_worst_first(tmp_path: Path) -> None:
    again = Written(50, '{"other":1}', event_id="e-7")
    path = write(tmp_path / "a.evcap", [Log([*events(20), again], read=[(0, 51)])])
    main(["check", str(path)])
    found = report(path).sections["Findings"]
    assert found.index("✕ error") < found.index("! warning")
    assert "2 events have the id e-7 and are not the same" in found
    assert "what the rule takes for the event's id may be" in found
    assert "orders/0 20 to 49 (event 20, 21)" in found


def test_what_anyone_wrote_is_text_and_nothing_else(tmp_path: Path) -> None:
    source = replace(KAFKA, uri=f"kafka://{EVIL}", cluster_id=EVIL, attributes={"mapping": EVIL})
    path = write(tmp_path / "a.evcap", [Log(events(3, stream=EVIL), name=EVIL, absent=[(3, 9, EVIL)], end=9)], source)
    main(["check", str(path)])
    page = report(path)
    assert page.tags <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
    }
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "class"}
    assert "⟨U+202E⟩" in page.text
    assert "\u202e" not in page.text


def test_what_masks_hide_is_not_printed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log([*events(3), Written(3, '{"x":1}', event_id="e-2")])])
    main(["check", str(path)])
    rules = tmp_path / "masks.toml"
    rules.write_text('[masks]\npaths = ["id"]\n')
    assert "the id e-2" in report(path).text
    masked = report(path, "--masks", str(rules))
    assert "e-2" not in masked.text
    assert "what masks hide is left out" in masked.text


def test_a_capture_that_is_written_to_has_no_hash(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log(events(3))])
    assert "still written to" not in report(path).text
    path.with_name("a.evcap-lock").touch()
    assert "none: it is still written to" in report(path).text


def test_isolation_and_missing_values_are_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log(events(3), name=f"log-{n}") for n in range(9)], with_values=False)
    unproved = report(path).sections["What it does not prove"]
    assert "Read with isolation uncommitted: 9 partitions (log-0/0 to log-8/0)" in unproved
    assert "Values were not kept" in unproved
    assert "bytes are kept as read" not in report(path).text


def test_files_have_their_hashes_and_what_they_lack(tmp_path: Path) -> None:
    exported = tmp_path / "orders.json"
    record = '{"topic":"orders","partition":0,"offset":%d,"tstype":"create","ts":1700000000000,"key":null,"payload":"{}"}\n'
    exported.write_text(record % 7 + record % 9)
    path = tmp_path / "a.evcap"
    assert main(["import", str(exported), "-o", str(path)]) == 0
    page = report(path)
    assert "orders.json" in page.sections["Files"]
    assert "whole" in page.sections["Files"]
    assert "1 file was read to the end" in page.sections["What this capture proves"]
    assert "kcat -J tells all of a record but" in page.sections["What it does not prove"]
    assert "kcat -J: kcat -J" not in page.text


def test_a_page_is_for_its_owner_and_replaces_nothing_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = write(tmp_path / "a.evcap", [Log(events(3))]), tmp_path / "a.html"
    before = path.read_bytes()
    assert main(["report", str(path), "-o", str(out)]) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "3 events, 3 of 3 positions" in capsys.readouterr().out
    assert main(["report", str(path), "-o", str(out)]) == 2
    assert main(["report", str(path), "-o", str(tmp_path / "nowhere" / "a.html")]) == 3
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.evcap", "a.html"]


def test_an_incomplete_capture_can_be_made_to_fail(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log(events(3), read=[(0, 3)], end=9)])
    assert main(["report", str(path), "-o", str(tmp_path / "a.html"), "--require-complete"]) == 5


FILE = "INSERT INTO input (source_id, run_id, name, path, size_bytes, modified_us, sha256, read_us, is_whole, gaps)"
SPOILT = (
    *SPOILINGS,
    "UPDATE coverage SET reason = x'ff', from_position = 'x'",
    "UPDATE capture SET settings = '[]'",
    "UPDATE capture SET created_us = 'x', tool = x'00'",
    "UPDATE source SET attributes = '[]', opened_us = 'x'",
    "UPDATE run SET stopped = x'ff00'",
    "DELETE FROM capture",
    f"{FILE} VALUES (1, 1, 'x', 'x', 'x', 'x', 'x', 'x', 'x', '[[1]]')",
    f"{FILE} VALUES (1, 1, 'x', 'x', 'x', 9e999, 'x', -1, 'x', '[[1, \"x\", {{}}]]')",
    "UPDATE block SET min_us = 'x', max_us = x'00'",
)


@pytest.mark.parametrize("spoiling", SPOILT)
def test_a_strangers_capture_is_a_page_or_damage(tmp_path: Path, spoiling: str) -> None:
    path = write(tmp_path / "a.evcap", [Log(events(5))])
    connection = apsw.Connection(str(path))
    connection.execute(spoiling)
    connection.close()
    assert main(["report", str(path), "-o", str(tmp_path / "a.html")]) in {0, 4}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_no_text_changes_what_the_page_is_made_of(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.evcap").unlink(missing_ok=True)
    path = write(tmp_path / "a.evcap", [Log(events(2))])
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE log SET name = ?", (text.encode("utf-8", "replace").decode(),))
    connection.execute("UPDATE source SET uri = ?", (text.encode("utf-8", "replace").decode(),))
    connection.close()
    page = report(path)
    assert "script" not in page.tags
    assert set(page.sections) == {"", "Sources", "Logs", "Findings", "What this capture proves", "What it does not prove"}
