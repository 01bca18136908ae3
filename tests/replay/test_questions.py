"""What a pane asks besides a state: each answer of the fold process is that of the command, bounded, and says how sure it is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.capture.reader import CaptureReader
from inspector.cli import replay
from inspector.errors import UsageError
from inspector.event import Flag
from inspector.replay import NOW, after_events, at_event, at_version
from inspector.replay.looking import Looker
from inspector.replay.preview import preview
from inspector.replay.questions import HIDDEN_CHANGES, lines
from inspector.replay.story import Story
from inspector.replay.strip import MOST_ROWS, strip
from tests.replay.captures import SECOND_US, Log, Written, write
from tests.replay.fold_client import FoldClient

_HONEST = {"history", "missing", "absent", "complete", "skipped_aborted", "includes_aborted", "left_out", "failed_at"}


def _order() -> list[Written]:
    """An order with a late record, an aborted event, and a list whose first element goes."""
    told: list[tuple[object, dict[str, Any]]] = [
        ({"total": 10, "lines": ["a", "b"], "card": {"owner": "ann"}}, {"actor": "ann", "event_id": "placed"}),
        ({"total": 20}, {"recorded_us": 50 * SECOND_US, "type": "Priced"}),
        ({"total": 999}, {"flags": int(Flag.aborted), "event_id": "aborted"}),
        ({"lines": ["b"], "card": None}, {"event_id": "emptied"}),
        ({"total": "free", "card": {"owner": "bob"}}, {"type": "Priced"}),
        ({"total": 5}, {"type": "Priced"}),
    ]
    versions = [1, 2, None, 3, 4, 5]
    return [
        Written(place, json.dumps(document), version=versions[place] or 3, time_us=place * SECOND_US, **facts)
        for place, (document, facts) in enumerate(told)
    ]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("q") / "c.evcap", [Log(_order())])


@pytest.fixture(scope="module")
def client(capture: Path) -> Iterator[FoldClient]:
    with FoldClient() as started:
        started.ask("open", capture=str(capture))
        yield started


def _ask(client: FoldClient, do: str, **asked: Any) -> dict[str, Any]:
    answer = client.ask(do, stream="order-1", **asked)
    assert "ok" in answer, answer
    found: dict[str, Any] = answer["ok"]
    return found


def _command(capsys: pytest.CaptureFixture[str], capture: Path, *arguments: str) -> list[dict[str, Any]]:
    parser = argparse.ArgumentParser()
    replay.add(parser.add_subparsers())
    args = parser.parse_args(["replay", str(capture), "order-1", *arguments])
    args.run(args)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# ---- places and clocks


@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        ({"at": "1970-01-01T00:00:03Z"}, ["--at", "1970-01-01T00:00:03Z"]),
        ({"known_at": "1970-01-01T00:00:03Z"}, ["--known-at", "1970-01-01T00:00:03Z"]),
        (
            {"at": "1970-01-01T00:00:03Z", "known_at": "1970-01-01T00:01:00Z"},
            ["--at", "1970-01-01T00:00:03Z", "--known-at", "1970-01-01T00:01:00Z"],
        ),
        ({"event": "emptied"}, ["--event", "emptied"]),
        ({"event": 4}, ["--event", "4"]),
        ({"before": 4}, ["--before", "4"]),
        ({"before": "aborted"}, ["--before", "aborted"]),
        ({"version": 2, "aborted": True}, ["--version", "2", "--include-aborted"]),
        ({"aborted": True}, ["--include-aborted"]),
        ({"without": ["emptied", "2"]}, ["--without", "emptied", "--without", "2"]),
    ],
)
def test_a_place_is_the_same_for_the_window_and_the_command(
    client: FoldClient, capture: Path, capsys: pytest.CaptureFixture[str], place: dict[str, Any], arguments: list[str]
) -> None:
    (printed,) = _command(capsys, capture, *arguments)
    request = client.send("look", stream="order-1", **place)
    look = client.wait(request)["ok"]
    assert json.loads(client.ask("copy", of=request)["ok"]["text"]) == printed["state"]
    assert (look["applied"], look["last"], look["skipped_aborted"]) == (printed["applied"], printed["last"], printed["skipped_aborted"])
    assert look.get("clocks") == printed.get("clocks")
    sure = _ask(client, "sure", **place)
    assert (sure["scope"], sure["history"]) == (printed["scope"], printed["history"])
    bounded = _ask(client, "replay", **place)
    assert {name: bounded[name] for name in printed} == printed


def test_what_was_true_then_is_not_what_was_known_then(client: FoldClient) -> None:
    true, known = (_ask(client, "replay", **{clock: "1970-01-01T00:00:03Z"}) for clock in ("at", "known_at"))
    assert (true["state"]["total"], known["state"]["total"]) == (20, 10)
    then = "1970-01-01T00:00:03.000000Z"
    assert true["clocks"]["words"] == [f"1 event with a time up to {then} was recorded after {then}: applied"]
    assert known["clocks"]["words"][0] == f"1 event with a time up to {then} was recorded after {then}: left out"
    assert "producer's clock" in known["clocks"]["words"][1]
    assert known["clocks"]["later_events"] == [2]
    assert not known["scope"]["complete"]
    assert "recorded later" in known["scope"]["absent"][0]


def test_mistaken_places_are_said(client: FoldClient, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = client.ask("look", stream="order-1", event="nothing")["error"]
    assert (error["kind"], "nothing" in error["text"]) == ("usage", True)
    assert client.ask("look", stream="order-1", before=True)["error"]["kind"] == "usage"
    assert client.ask("look", stream="order-1", without=["nothing"])["error"]["kind"] == "usage"
    for wrong in (["--known-at", "1970-01-01", "--version", "2"], ["--event", "nothing"], ["--field", "total"], ["--series", "total"]):
        with pytest.raises(UsageError):
            _command(capsys, capture, *wrong)


def test_aborted_events_are_folded_only_when_asked_and_never_pass_for_plain(client: FoldClient) -> None:
    plain, included = _ask(client, "look"), _ask(client, "look", aborted=True)
    assert (plain["skipped_aborted"], plain["includes_aborted"], plain["total"]) == (1, 0, 5)
    assert (included["skipped_aborted"], included["includes_aborted"], included["total"]) == (0, 1, 6)
    sure = _ask(client, "sure", aborted=True)
    assert sure["scope"]["complete"] is False
    assert sure["scope"]["absent"] == ["includes 1 aborted event, which no reader of committed records sees"]
    assert _ask(client, "sure")["scope"]["complete"] is True


# ---- two moments, what if


def test_two_moments_are_compared_in_the_order_they_are_named(
    client: FoldClient, capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = client.send("diff", stream="order-1", a={"version": 5}, b={"event": "placed"})
    back = client.wait(request)["ok"]
    assert (back["from"]["place"], back["to"]["place"], back["count"]) == (5, 1, len(back["changes"]))
    assert {(change["op"], change["path"]) for change in back["changes"]} == {
        *(("replace", "/total"), ("add", "/lines/0"), ("replace", "/card/owner"))
    }
    (printed,) = _command(capsys, capture, "--diff", "event:placed")
    forth = _ask(client, "diff", a={"event": "placed"}, b={})
    assert [{**change, "from": preview(change["from"]), "to": preview(change["to"])} for change in printed["diff"]] == forth["changes"]
    assert set(back["to"]["honest"]) == _HONEST
    (card,) = [child for child in back["levels"][""]["children"] if child["key"] == "card"]
    assert card["inside"] == 1
    assert json.loads(client.ask("copy", of=request, side="a")["ok"]["text"])["total"] == 5
    assert _ask(client, "diff", a={"version": 5}, b={"event": "placed"}, offset=2)["changes"] == back["changes"][2:]


def test_what_would_have_been_stands_beside_what_happened(client: FoldClient, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = client.send("look", stream="order-1", version=3, without=["emptied"])
    look = client.wait(request)["ok"]
    assert (look["place"], look["applied"], look["happened"]["applied"]) == (3, 2, 3)
    assert [event["id"] for event in look["left_out"]] == ["emptied"]
    assert {(change["op"], change["path"]) for change in look["outcome"]} == {("add", "/lines/0"), ("add", "/card")}
    assert look["outcome_count"] == 2
    assert [child["key"] for child in look["happened"]["levels"][""]["children"]] == ["total", "lines"]
    (printed,) = _command(capsys, capture, "--version", "3", "--without", "emptied")
    assert json.loads(client.ask("copy", of=request)["ok"]["text"]) == printed["state"]
    assert json.loads(client.ask("copy", of=request, side="happened")["ok"]["text"]) == {"total": 20, "lines": ["b"]}
    before = _ask(client, "look", version=1, without=["emptied"])
    assert (before["left_out"], before["outcome_count"]) == ([], 0)
    assert _ask(client, "diff", a={"version": 2}, b={"version": 3}, without=["emptied"])["to"]["honest"]["left_out"] == 1


def test_stepping_without_an_event_folds_only_the_step(capture: Path) -> None:
    with CaptureReader(capture) as reader:
        story = Story(reader, 1, None)
        first = story.walk(story.left_out(["2"]))
        assert story.walk(story.left_out(["2"])) is first
        for number in range(1, 6):
            story.walk(story.left_out([str(number)] if number != 3 else ["2", "4"]))
        assert story.walk() is story.walk()


# ---- a field, lines, the strip


def test_a_fields_history_is_the_commands(client: FoldClient, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("/total", "/card/owner", "/lines/0", "/card", ""):
        *printed, last = _command(capsys, capture, "--field", path)
        answer = _ask(client, "field", path=path)
        assert [{**entry, "from": None, "to": None} for entry in printed] == [
            {**entry, "from": None, "to": None} for entry in answer["entries"]
        ]
        assert (last["changes"], answer["next"]) == (len(printed), None)
        assert {name: last[name] for name in _HONEST} == answer["honest"]


def test_changes_among_hidden_values_are_said_to_be_unseen(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    masks = tmp_path / "masks.toml"
    masks.write_text('[masks]\npaths = ["data.total"]\n')
    *changes, last = _command(capsys, capture, "--field", "/total", "--masks", str(masks))
    assert [change["to"] for change in changes] == ["••••"]
    assert (last["complete"], last["absent"]) == (False, [HIDDEN_CHANGES])
    assert _command(capsys, capture, "--field", "/lines/0", "--masks", str(masks))[-1]["absent"] == []


def test_a_field_went_and_came_back_and_moved(client: FoldClient) -> None:
    owner = _ask(client, "field", path="/card/owner")["entries"]
    assert [(one["version"], one["op"], one["from"], one["to"]) for one in owner] == [
        (4, "add", "null", '"bob"'),
        (3, "remove", '"ann"', "null"),
        (1, "add", "null", '"ann"'),
    ]
    assert owner[-1]["actor"] == "ann"
    assert [(one["version"], one["op"]) for one in _ask(client, "field", path="/lines/0")["entries"]] == [(3, "moved"), (1, "add")]
    page = _ask(client, "field", path="/total", limit=2)
    assert ([one["version"] for one in page["entries"]], page["next"]) == ([5, 4], 4)
    assert [one["version"] for one in _ask(client, "field", path="/total", limit=2, before_place=page["next"])["entries"]] == [2, 1]
    upto = _ask(client, "field", path="/total", known_at="1970-01-01T00:00:03Z")["entries"]
    assert [one["version"] for one in upto] == [1]
    without = _ask(client, "field", path="/total", without=["2"])["entries"]
    assert [(one["version"], one["place"], one["from"]) for one in without] == [(5, 5, '"free"'), (4, 4, "10"), (1, 1, "null")]


def test_lines_are_the_commands_and_have_gaps(client: FoldClient, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    *printed, last = _command(capsys, capture, "--series", "/total", "--series", "/card")
    answer = _ask(client, "series", paths=["/total", "/card"])
    assert (answer["done"], answer["applied"], last["applied"]) == (True, 5, 5)
    total, card = answer["series"]
    assert total["points"] == [[1, 0, 10], [2, SECOND_US, 20], [4, 4 * SECOND_US, None], [5, 5 * SECOND_US, 5]]
    assert card["points"] == []
    assert [[line["place"], line["value"]] for line in printed] == [[place, value] for place, _, value in total["points"]]
    assert {name: last[name] for name in _HONEST} == answer["honest"]
    assert client.ask("series", stream="order-1", paths=[])["error"]["kind"] == "usage"
    assert client.ask("series", stream="order-1", paths=["/a"] * 9)["error"]["kind"] == "usage"


def test_a_long_line_is_thinned_and_keeps_its_ends(tmp_path: Path) -> None:
    told = [Written(n, json.dumps({"n": -5 if n == 777 else 9_999_999 if n == 3_333 else n % 100})) for n in range(9_000)]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(told)])) as reader:
        run, _ = lines(Story(reader, 1, None), NOW, ["/n"])
        run.go_on(lambda _applied: None)
        (line,) = run.lines
        points = line.points
        assert (len(points) <= 2_000, line.changes, points[0].place, points[-1].place) == (True, 9_000, 1, 9_000)
        assert {-5, 9_999_999} <= {point.value for point in points}
        assert [point.place for point in points] == sorted({point.place for point in points})


def test_the_strip_has_every_event_with_its_type_and_what_is_special(client: FoldClient) -> None:
    found = _ask(client, "strip", without=["emptied"])
    assert (found["events"], found["is_bucketed"], found["types"]) == (6, False, ["Changed", "Priced"])
    assert [found["types"][number] for number in found["type"]] == ["Changed", "Priced", "Changed", "Changed", "Priced", "Priced"]
    assert (found["aborted"], found["left_out"]) == ([0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0])
    assert found["place"] == [1, 2, 2, 3, 4, 5]
    assert set(found["honest"]) == _HONEST
    assert _ask(client, "strip", first=2, last=4)["seq"] == [3, 4]
    assert _ask(client, "strip", aborted=True)["place"] == [1, 2, 3, 4, 5, 6]


def test_a_long_strip_is_bounded_and_counts_all(tmp_path: Path) -> None:
    told = [
        Written(n, '"?"' if n == 4_500 else "{}", type=f"t{n // 1_000}", flags=int(Flag.undecodable) if n == 4_500 else 0)
        for n in range(5_000)
    ]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(told)])) as reader:
        story = Story(reader, 1, None)
        story.find(NOW)
        failure = story.walk().failure
        assert failure is not None
        found = strip(story.order, failed=failure.event.seq)
        assert (len(found.index), sum(found.count), sum(found.failed)) == (MOST_ROWS, 5_000, 1)
        assert found.index[found.failed.index(1)] <= 4_500
        assert (found.place[-1], len(found.type_numbers)) == (5_000, 5)


# ---- quick looks, and what is kept


def test_a_quick_look_does_not_wait_for_who_set_what(tmp_path: Path) -> None:
    told = [Written(n, json.dumps({"n": n, f"k{n % 50}": n}), actor=f"a{n}") for n in range(5_000)]
    path = write(tmp_path / "c.evcap", [Log(told)])
    with FoldClient() as client:
        client.ask("open", capture=str(path))
        request = client.send("look", stream="order-1", quick=True)
        look = client.wait(request)["ok"]
        assert (look["applied"], look["blamed"]) == (5_000, False)
        assert {child["set_by"] for child in look["levels"][""]["children"]} == {None}
        answer = client.ask("blame", of=request)["ok"]
        applied = -1
        while not answer["done"]:
            assert answer["applied"] > applied
            applied = answer["applied"]
            answer = client.ask("blame", of=request)["ok"]
        assert (answer["set_by"]["/n"]["actor"], answer["set_by"]["/k7"]["actor"]) == ("a4999", "a4957")
        level = client.ask("children", of=request)["ok"]
        assert level["children"][0]["set_by"]["actor"] == "a4999"
        assert client.ask("look", stream="order-1", count=4_990, quick=True)["ok"]["blamed"] is True


def test_states_kept_are_bounded_over_all_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.replay.looking.MOST_BYTES", 20_000)
    told = [Written(n, json.dumps({f"k{n % 40}": "x" * 50}), stream=f"s-{n % 3}") for n in range(3_000)]
    looker = Looker()
    with CaptureReader(write(tmp_path / "c.evcap", [Log(told)])) as reader:
        for _ in range(2):
            stories = []
            for name in ("s-0", "s-1", "s-2"):
                stories.append(looker.story(reader, name, None, None))
                assert looker.look(stories[-1], after_events(900), [], 10).printed["applied"] == 900
                assert sum(story.held for story in stories[:-1]) <= 20_000 + stories[-2 if len(stories) > 1 else -1].held


def test_latest_needs_no_fold_but_still_ends_where_an_event_cannot_be_read(tmp_path: Path) -> None:
    told = [Written(n, json.dumps({"n": n}), version=n + 1) for n in range(1_000)]
    told[600] = Written(600, '"?"', version=601, flags=int(Flag.undecodable))
    with CaptureReader(write(tmp_path / "c.evcap", [Log(told)])) as reader:
        story = Story(reader, 1, "latest")
        assert story.find(at_version(500)).stand.state == {"n": 499}
        found = story.find(NOW, quick=True)
        assert (found.stand.place, found.stand.state) == (600, {"n": 599})
        assert found.stand.failure is not None
        assert story.find(at_event(1_000), quick=True).stand.place == 600
