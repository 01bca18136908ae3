"""A projection as a function: the numbers of the file of TOML that says the same; whatever the code does ends at a known event."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.errors import FunctionError, UsageError
from inspector.event import Flag
from inspector.metrics import Question, metric
from inspector.projections import State, library, parse, rows
from inspector.projections.answer import account, notes
from inspector.projections.by_code import function, look_at
from inspector.user_code import ConsentError, Terms
from inspector.user_code.codes import Codes
from inspector.user_code.consent import needed, remember
from inspector.user_code.projecting import ProjectedEvent
from tests.projections.grown import Grown
from tests.replay.captures import SECOND_US, Log, Written, write
from tests.user_code.reducing import written

DECLARED = """
filter = 'type == "Moved"'
group_by = {group_by}
window = "2s"
alarm = "total < 0"
measures = {{
    "total": "sum", "mean": {{"avg": "total"}}, "low": {{"min": "total"}}, "high": {{"max": "total"}},
    "left": "last", "moves": "count", "known": {{"count": "left"}}, "pace": "rate", "flow": {{"rate": "total"}},
}}

def project(event):
    {body}
"""
CODE = DECLARED.format(
    group_by=["sku", "partition"],
    body='yield (event.data.get("sku"), event.partition), {"total": event.data.get("n"), "left": event.data.get("left")}',
)
TOML = """
name = "moves"
filter = 'type == "Moved"'
group_by = { sku = "data.sku", partition = "partition" }
window = "2s"
alarm = "total < 0"
[measures]
total = { sum = "data.n" }
mean = { avg = "data.n" }
low = { min = "data.n" }
high = { max = "data.n" }
left = { last = "data.left" }
moves = "count"
known = { count = "data.left" }
pace = "rate"
flow = { rate = "data.n" }
"""
QUICK = Terms(event_s=1.0, memory_mb=300)


@pytest.fixture
def codes() -> Iterator[Codes]:
    with closing(Codes()) as made:
        yield made


def events(count: int, seed: int, start: int = 0) -> list[Written]:
    """Movements with numbers of every kind, and others between them."""
    chance = random.Random(seed)
    found = []
    for position in range(start, start + count):
        members = {"sku": chance.choice(['"tea"', '"mug"', "7", "7.0", "null", '"ü \\" ,"', "[1, 2]"])}
        members["n"] = chance.choice(["1", "-2.50", "0.1", "1e3", '"7"', "true", "123456789012345678901234567890", "-0.0", "null"])
        members["left"] = chance.choice(["1.10", '"text"', '{"a": [1]}', "null"])
        for name in list(members):
            if chance.random() < 0.2:
                del members[name]
        data = "{" + ", ".join(f'"{name}": {text}' for name, text in members.items()) + "}"
        kind = "Moved" if chance.random() < 0.9 else "Other"
        found.append(Written(position, data, time_us=chance.randrange(9) * SECOND_US if position % 11 else None, type=kind))
    return found


def test_a_function_gives_the_numbers_of_toml_live_aborted_and_gone_on_from(tmp_path: Path, codes: Codes) -> None:
    mine, same = function(str(written(tmp_path, CODE)), Terms(), codes), State(parse(TOML))
    state = mine.state()
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        for step, position in enumerate(range(0, 240, 60)):
            for partition in (0, 1):
                grown.append(events(60, step * 2 + partition, position), partition)
            if step:
                grown.decide(0, position - 60, position, [position - 60, position - 31])
            for each in (state, same):
                each.advance(reader)
            assert list(map(plain, rows(state))) == list(map(plain, rows(same)))
            state = mine.state(kept=state.to_json())
        assert any(row.alarms for row in rows(state))
        begun = mine.state()
        begun.advance(reader)
        assert begun.book.cells == state.book.cells
        told = account(state)
        assert {name: told[name] for name in account(same)} == account(same)
        wide = replace(mine.projection, window_us=60 * SECOND_US, filter="")
        for each in (whole := mine.state(projection=wide), other := State(replace(parse(TOML), window_us=60 * SECOND_US, filter=""))):
            each.advance(reader)
        assert list(map(plain, rows(whole))) == list(map(plain, rows(other)))


def plain(row: object) -> str:
    return repr(row).replace("labels=", "")


def test_one_event_may_give_many_pairs_none_or_one_without_values(tmp_path: Path, codes: Codes) -> None:
    text = """
group_by = ["sku"]
measures = {"pieces": "sum", "lines": "count"}

def project(event):
    for line in event.data["lines"]:
        yield {"sku": line["sku"]}, {"pieces": line.get("pieces")}

def short(event):
    return (event.data["lines"][0]["sku"], None) if event.data["lines"] else None
"""
    path = written(tmp_path, text)
    orders = [
        '{"lines": [{"sku": "a", "pieces": 2}, {"sku": "b", "pieces": 1.5}, {"sku": "a"}]}',
        '{"lines": []}',
        '{"lines": [{"sku": "a", "pieces": 40}]}',
    ]
    capture = write(tmp_path / "x.evcap", [Log([Written(n, data) for n, data in enumerate(orders)])])
    with CaptureReader(capture) as reader:
        state = function(str(path), QUICK, codes).state()
        state.advance(reader)
        found = {row.labels["sku"]: row.values for row in rows(state)}
        assert found == {"a": {"pieces": 42, "lines": 3}, "b": {"pieces": 1.5, "lines": 1}}
        assert any("gave nothing for 1 event" in note for note in notes(state))
        assert any("pieces: 1 given with no number" in note for note in notes(state))
        state = function(f"{path}:short", QUICK, codes).state()
        state.advance(reader)
        assert [(row.labels["sku"], row.values["lines"]) for row in rows(state)] == [("a", 2)]
        with pytest.raises(UsageError, match="it is of another projection, or this one was changed since"):
            function(str(path), QUICK, codes).state(kept=state.to_json())


def test_the_function_sees_all_of_an_event_and_no_number_is_changed(tmp_path: Path, codes: Codes) -> None:
    text = """
measures = {"all": "last"}

def project(event):
    import dataclasses
    yield event.type, {"all": [str(dataclasses.asdict(event)), event.time]}
"""
    path = written(tmp_path, text)
    data = '{"n": 12345678901234567890.5, "n": 2, "deep": {"x": 0.10}}'
    odd = Written(
        3,
        data,
        "cart-9",
        4,
        SECOND_US,
        "Placed",
        int(Flag.duplicate_keys),
        "e-1",
        "ann",
        "cart",
        headers='[["h", "1"]]',
        metadata='{"m": 1}',
        correlation_id="c-1",
    )
    gone = Written(4, None, "cart-9", 5, SECOND_US, "Gone", int(Flag.tombstone))
    lost = Written(5, "broken", "cart-9", 6, SECOND_US, "Lost", int(Flag.undecodable), is_document=False)
    with CaptureReader(write(tmp_path / "x.evcap", [Log([odd, gone, lost], "shop", 0, read=[(3, 6)])])) as reader:
        state = function(str(path), QUICK, codes).state()
        state.advance(reader)
        told = {row.labels["group"]: row.values["all"] for row in rows(state)}
        assert account(state)["unreadable"] == 1
    placed, at, deleted = *seen(told["Placed"]), seen(told["Gone"])[0]
    assert at == "1970-01-01T00:00:01.000000Z"
    for part in (
        "'seq': 1",
        "'log': 'shop'",
        "'position': 3",
        "'version': 4",
        "'id': 'e-1'",
        "'stream': 'cart-9'",
        "'category': 'cart'",
        "'actor': 'ann'",
        "'correlation_id': 'c-1'",
        "'headers': [['h', '1']]",
        "'flags': ('duplicate_keys',)",
        "'metadata': {'m': 1}",
        "'n': Decimal('12345678901234567890.5')",
    ):
        assert part in placed, part
    assert "'flags': ('tombstone',)" in deleted
    assert "'data': None" in deleted
    guide = (files("resources") / "guide" / "projections.md").read_text(encoding="utf-8")
    for name in (*ProjectedEvent.__dataclass_fields__, "time"):
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", guide), name


def seen(found: object) -> tuple[str, str]:
    """What the function said of an event, and its time."""
    assert isinstance(found, list)
    return str(found[0]), str(found[1])


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("while True: pass", "longer than 1 s"),
        ("while True: yield 'a', 1", "pairs for one event|longer than 1 s"),
        ("yield 'a', [0] * 10**9", "MemoryError"),
        ("import os; os._exit(7)", "ended with status 7"),
        ("raise KeyError('sku')", "KeyError: 'sku'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("yield 'a', float('nan')", "no finite number"),
        ("yield 'a', {'totl': 1}", "gave 'totl' among the values, which the file does not declare; it declares total"),
        ("yield {'who': 1}, 1", "gave 'who' among the group"),
        ("yield ('a', 'b', 'c'), 1", "gave 3 parts of a group, the file declares 1"),
        ("yield 'a'", "gave 'a': give pairs of a group"),
        ("yield 'a', object", "is no JSON value"),
        ("yield 'a' * 10, 'x' * 70_000_000", "70,000,000 characters as one part of the values"),
    ],
)
def test_whatever_the_code_does_ends_at_a_known_event(tmp_path: Path, codes: Codes, bad: str, said: str) -> None:
    path = written(
        tmp_path, f'measures = {{"total": "sum"}}\n\ndef project(event):\n    if event.position == 700:\n        {bad}\n    yield "a", 1\n'
    )
    with CaptureReader(write(tmp_path / "x.evcap", [Log([Written(n, "{}") for n in range(900)])])) as reader:
        state = function(str(path), QUICK, codes).state()
        with pytest.raises(FunctionError, match=f"mine.py stopped at event 701 .orders 0 at 700.: .*({said})") as told:
            state.advance(reader)
        assert told.value.seq == 701
        assert [row.values for row in rows(state)] == [{"total": 700}]
        assert account(state)["failed_at"] == {"seq": 701, "reason": told.value.reason}
        begun_s = time.monotonic()
        with pytest.raises(FunctionError):
            state.advance(reader)  # and is not asked once more
        assert time.monotonic() - begun_s < 0.5


def test_what_is_too_much_at_once_is_asked_for_in_parts(tmp_path: Path, codes: Codes) -> None:
    path = written(
        tmp_path, 'measures = {"most": "last", "n": "count"}\ndef project(event):\n    yield event.position % 2, {"most": "x" * 900_000}\n'
    )
    with CaptureReader(write(tmp_path / "x.evcap", [Log([Written(n, "{}") for n in range(90)])])) as reader:
        state = function(str(path), Terms(), codes).state()
        state.advance(reader)
        assert [row.values["n"] for row in rows(state)] == [45, 45]
        assert state.undecided == 90  # what may still be aborted is known of parts too


def test_one_that_is_no_longer_wanted_is_ended(tmp_path: Path) -> None:
    path = written(tmp_path, 'import time\nmeasures = {"n": "count"}\ndef project(event):\n    time.sleep(60)\n')
    stop = threading.Event()
    with (
        closing(Codes(is_wanted=lambda: not stop.is_set())) as codes,
        CaptureReader(write(tmp_path / "x.evcap", [Log([Written(0, "{}")])])) as reader,
    ):
        state = function(str(path), Terms(), codes).state()
        threading.Timer(0.3, stop.set).start()
        assert state.advance(reader) == 0
        assert state.failed is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def project(event): pass", r"mine.py, line 1: measures: it is missing"),
        ('\nmeasures = {"n": len("x")}', "line 2: measures: write it out as a text, list or dict"),
        ('measures = {"n": "smu"}', "line 1: .measures. n: 'smu' is not known; did you mean sum"),
        ('measures = {"n": "count"}\nwindow = "soon"', "line 2: window: 'soon' is not a span"),
        ('measures = {"n": "count"}\nfilter = "data.x >"', "line 2: filter"),
        ('measures = {"n": "count"}\nalarm = "m < 1"', "line 2: alarm: of no measure"),
        ('measures = {"n": "count"}\ngroup_by = ["data[0]"]', "line 2: group_by: data.0.: 'data.0.' is no name"),
        ('measures = {"n": "rate"}', "a rate is by window"),
        ("def project(:", "is no Python"),
        ("measures = " + "[" * 5_000, "is no Python"),
        ("\x00", "is no Python"),
    ],
)
def test_a_mistake_in_what_is_declared_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        look_at(str(written(tmp_path, text)))


def test_what_is_declared_is_read_without_running_anything(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = written(
        tmp_path,
        f'open({str(ran)!r}, "w")\ntitle = "Mine"\nmeasures: dict = {{"n": "count"}}\ndef project(event): yield 1, None\n',
        "9 odd name.py",
    )
    found = look_at(str(path))
    assert (found.name, found.shown, [label.name for label in found.labels]) == ("p-9-odd-name", "Mine", ["group"])
    assert not ran.exists()
    with pytest.raises(UsageError, match="only eventscope project, metrics and plots run it"):
        library.find(str(path))


def test_a_metric_runs_only_what_was_allowed_as_it_is_or_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    path = written(tmp_path, 'unit = "x"\nmeasures = {"n": "count"}\nfrom other import name\n\ndef project(event):\n    yield name, None\n')
    other = written(tmp_path, 'name = "one"', "other.py")
    named = f"projection:{path}"
    assert (metric(named).title, metric(named).unit, metric(named).labels) == ("mine", "x", ("n",))
    with CaptureReader(write(tmp_path / "x.evcap", [Log([Written(0, "{}", time_us=0)])])) as reader:
        with pytest.raises(ConsentError, match="has not been allowed to run"):
            metric(named).answer(reader, Question())
        assert lines(named, reader, Question(is_named=True)) == ["one"]
        asked = needed(path)
        assert asked is not None
        remember(asked)
        assert lines(named, reader, Question()) == ["one"]
        other.write_text('name = "other"')
        with pytest.raises(ConsentError, match="has changed since it was allowed"):
            metric(named).answer(reader, Question())
        assert lines(named, reader, Question(is_named=True)) == ["other"]


def lines(name: str, reader: CaptureReader, question: Question) -> list[str]:
    found = metric(name).answer(reader, question)
    assert found is not None
    return [line.label for line in found.series]


def test_the_command_prints_what_came_before_a_failure_and_goes_on_from_a_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    path = written(tmp_path, 'measures = {"total": "sum"}\ndef project(event):\n    yield event.data["sku"], event.data["n"]\n')
    data = ['{"sku": "tea", "n": 1.5}', '{"sku": "tea", "n": 2}', '{"n": 1}']
    capture = write(tmp_path / "x.evcap", [Log([Written(n, text) for n, text in enumerate(data)])])
    command, state = ["project", str(capture), str(path), "--format", "jsonl"], tmp_path / "kept.json"
    assert main([*command, "--state", str(state)]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == {"group": {"group": "tea"}, "values": {"total": 3.5}, "alarm": []}
    assert "mine.py stopped at event 3 (orders 0 at 2): KeyError: 'sku'" in err
    assert json.loads(err.splitlines()[0])["scope"]["failed_at"]["seq"] == 3
    assert main([*command, "--at", "1", "--remember"]) == 0
    assert json.loads(capsys.readouterr().out)["values"] == {"total": 3.5}
    assert needed(path) is None
    masks = tmp_path / "masks.toml"
    masks.write_text('[masks]\npaths = ["**.sku"]\n', encoding="utf-8")
    assert main([*command, "--at", "1", "--masks", str(masks)]) == 0
    assert "tea" not in capsys.readouterr().out
    path.write_text(path.read_text().replace('["sku"]', '.get("sku")'))
    assert main([*command, "--state", str(state)]) == 2
    assert "or this one was changed since; begin anew" in capsys.readouterr().err


def test_one_that_fails_only_when_it_is_asked_again_leaves_no_wrong_number(tmp_path: Path, codes: Codes) -> None:
    flag = tmp_path / "flag"
    text = f"""
from pathlib import Path
measures = {{"n": "count"}}

def project(event):
    assert not Path({str(flag)!r}).exists()
    yield 1, None
"""
    state = function(str(written(tmp_path, text)), QUICK, codes).state()
    with Grown(tmp_path / "x.evcap") as grown, CaptureReader(tmp_path / "x.evcap") as reader:
        grown.append([Written(n, "{}") for n in range(20)])
        state.advance(reader)
        grown.decide(0, 0, 20, [3, 4])  # some of it is taken back, for which it is asked once more
        flag.touch()
        with pytest.raises(FunctionError, match=r"stopped at event 1 .*AssertionError"):
            state.advance(reader)
        assert state.until_seq == 0
        flag.unlink()
        state.advance(reader)
        assert [row.values["n"] for row in rows(state)] == [18]
