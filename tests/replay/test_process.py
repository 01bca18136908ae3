"""The fold process answers in bounded lines, can be told to stop, and outlives whatever it is asked."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.replay.captures import Log, Written, write
from tests.replay.fold_client import FoldClient
from tests.user_code.reducing import consented


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fold") / "c.evcap"
    small = [Written(n, json.dumps({"n": n, f"k{n}": {"v": [n]}}), version=n + 1, actor=f"user-{n}") for n in range(5)]
    long = [Written(5 + n, json.dumps({f"key-{n}": "x" * 50}), stream="long", version=n + 1) for n in range(8000)]
    return write(path, [Log([*small, *long])])


@pytest.fixture(scope="module")
def client(capture: Path) -> Iterator[FoldClient]:
    with FoldClient() as started:
        assert started.ask("open", capture=str(capture))["ok"] == {"events": 8005, "first_seq": 1, "last_seq": 8005}
        yield started


def test_a_replay_is_answered_as_the_command_does(client: FoldClient) -> None:
    answer = client.ask("replay", stream="order-1", version=2)["ok"]
    assert answer["state"] == {"n": 1, "k0": {"v": [0]}, "k1": {"v": [1]}}
    assert (answer["version"], answer["applied"], answer["history"], answer["reducer"]) == (2, 2, "whole", "merge")


def test_a_diff_and_blame_come_along(client: FoldClient) -> None:
    answer = client.ask("replay", stream="order-1", version=2, diff=1, blame=True)["ok"]
    assert answer["diff"] == [
        {"op": "replace", "path": "/n", "from": "0", "to": "1"},
        {"op": "add", "path": "/k1", "from": "null", "to": '{"v":[1]}'},
    ]
    assert {path: who["actor"] for path, who in answer["blame"].items()} == {"/n": "user-1", "/k0/v/0": "user-0", "/k1/v/0": "user-1"}


def test_a_large_state_is_shown_by_levels(client: FoldClient) -> None:
    request = client.send("replay", stream="long", blame=True)
    answer = client.wait(request)["ok"]
    assert answer["state"] is None
    assert answer["state_bytes"] > 400_000
    assert (len(answer["blame"]), answer["blame_count"]) == (1000, 8000)
    level = client.ask("children", of=request, offset=7990, limit=2)["ok"]
    assert level["total"] == 8000
    (first, second) = level["children"]
    assert (first["key"], first["path"], first["kind"], first["text"]) == ("key-7990", "/key-7990", "string", '"' + "x" * 50 + '"')
    assert (first["set_by"]["version"], second["set_by"]["version"]) == (7991, 7992)


def test_levels_below_are_reached_by_their_path(client: FoldClient) -> None:
    request = client.send("replay", stream="order-1", version=1)
    client.wait(request)
    (child,) = client.ask("children", of=request, path="/k0")["ok"]["children"]
    assert (child["key"], child["kind"], child["text"], child["children"]) == ("v", "array", "[0]", 1)
    assert client.ask("children", of=request, path="/nothing")["error"]["kind"] == "usage"


def test_steps_come_in_pages(client: FoldClient) -> None:
    steps = client.ask("steps", stream="order-1", first=1, limit=2)["ok"]["steps"]
    assert [(step["version"], step["change_count"]) for step in steps] == [(2, 2), (3, 2)]


@pytest.mark.parametrize(
    ("request_fields", "kind", "said"),
    [
        ({"do": "replay", "stream": "nobody"}, "usage", "nobody"),
        ({"do": "replay"}, "usage", "stream"),
        ({"do": "replay", "stream": "order-1", "at": "noon"}, "usage", "noon"),
        ({"do": "replay", "stream": "order-1", "reducer": "/nowhere/r.py"}, "usage", "r.py"),
        ({"do": "dance"}, "usage", "dance"),
        ({"do": "children", "of": 99999}, "usage", "no longer kept"),
    ],
)
def test_a_mistake_is_an_answer(client: FoldClient, request_fields: dict[str, Any], kind: str, said: str) -> None:
    error = client.ask(**request_fields)["error"]
    assert (error["kind"], error["exit"]) == (kind, 2)
    assert said in error["text"]


def test_a_line_that_is_no_request_is_an_answer(client: FoldClient) -> None:
    client.write("{")
    assert client.wait(None)["error"]["kind"] == "usage"


@pytest.mark.parametrize(
    "line", ['{"id":[1],"do":"extent"}', '{"do":"cancel","request":{}}', '{"do":"children","of":[]}', "null", '{"id":"\\ud800"}']
)
def test_a_request_of_odd_numbers_ends_nothing(client: FoldClient, line: str) -> None:
    client.write(line)
    assert client.ask("extent", stream="order-1")["ok"]["total"] > 0


def test_a_failing_reducer_is_a_value(client: FoldClient, tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    path.write_text("def reduce(s, e):\n print('noise')\n return e.version if e.version < 3 else 1 / 0\n")
    answer = client.ask("replay", stream="order-1", **consented(path))["ok"]
    assert (answer["state"], answer["applied"], answer["failed_at"]["version"]) == (2, 2, 3)
    assert "ZeroDivisionError" in answer["failed_at"]["reason"]


def test_a_long_replay_is_cancelled_and_others_are_answered(client: FoldClient, tmp_path: Path) -> None:
    path = tmp_path / "slow.py"
    path.write_text("import time\ndef reduce(s, e):\n time.sleep(0.002)\n return e.version\n")
    slow = client.send("replay", stream="long", **consented(path))
    client.wait_for_progress(slow)
    assert client.ask("cancel", request=slow)["ok"] == {"cancelled": slow}
    assert client.wait(slow)["error"]["kind"] == "cancelled"
    assert client.ask("replay", stream="order-1")["ok"]["applied"] == 5


def test_another_capture_can_be_opened_and_a_missing_one_is_an_answer(capture: Path, tmp_path: Path) -> None:
    with FoldClient() as client:
        assert client.ask("replay", stream="x")["error"]["text"] == "no capture is open"
        missing = client.ask("open", capture=str(tmp_path / "none.evcap"))["error"]
        assert (missing["kind"], missing["exit"]) == ("capture", 4)
        other = write(tmp_path / "other.evcap", [Log([Written(0, '{"other":true}')])])
        assert client.ask("open", capture=str(capture))["ok"]["events"] == 8005
        assert client.ask("open", capture=str(other))["ok"]["events"] == 1
        assert client.ask("replay", stream="order-1")["ok"]["state"] == {"other": True}
        assert client.ask("close")["ok"] == {}
        assert client.close() == 0


def test_it_ends_with_its_input_even_when_a_reducer_never_comes_back(capture: Path, tmp_path: Path) -> None:
    path = tmp_path / "endless.py"
    started = tmp_path / "started"
    path.write_text(f"import pathlib\ndef reduce(s, e):\n pathlib.Path({str(started)!r}).touch()\n while True: pass\n")
    with FoldClient() as client:
        client.ask("open", capture=str(capture))
        client.send("replay", stream="order-1", **consented(path))
        assert client.close() == 0


def test_code_that_ends_its_process_ends_the_replay_there_and_the_next_question_is_answered(client: FoldClient, tmp_path: Path) -> None:
    path = tmp_path / "crash.py"
    path.write_text("import os\ndef reduce(s, e):\n if e.version == 3: os._exit(7)\n return e.version\n")
    answer = client.ask("replay", stream="order-1", **consented(path))["ok"]
    assert (answer["state"], answer["failed_at"]["version"]) == (2, 3)
    assert "ended with status 7" in answer["failed_at"]["reason"]
    looked = client.ask("look", stream="order-1", version=2, **consented(path))["ok"]
    assert looked["whole"]["text"] == "2"
    assert client.ask("replay", stream="order-1")["ok"]["applied"] == 5


def test_code_that_never_comes_back_is_cancelled_at_once(client: FoldClient, tmp_path: Path) -> None:
    path, started = tmp_path / "endless.py", tmp_path / "started"
    path.write_text(f"import pathlib\ndef reduce(s, e):\n pathlib.Path({str(started)!r}).touch()\n while True: pass\n")
    slow = client.send("replay", stream="order-1", time_limit=3600, **consented(path))
    while not started.exists():
        assert client.process.poll() is None
        time.sleep(0.02)
    client.ask("cancel", request=slow)
    assert client.wait(slow)["error"]["kind"] == "cancelled"
    assert client.ask("replay", stream="order-1")["ok"]["applied"] == 5


def test_code_without_consent_is_asked_about(client: FoldClient, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def reduce(s, e):\n return e.version\n")
    for do in ("replay", "look", "steps", "sure", "choose"):
        error = client.ask(do, stream="order-1", reducer=str(path))["error"]
        assert (error["kind"], error["path"], error["size"], error["changed"]) == ("consent", str(path), path.stat().st_size, False)
    assert error["digest"] == error["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert client.ask("allow", reducer=str(path), consent="0" * 64)["error"]["kind"] == "consent"
    client.ask("allow", reducer=str(path), consent=error["digest"])
    assert client.ask("look", stream="order-1", reducer=str(path))["ok"]["whole"]["text"] == "5"
    path.write_text("def reduce(s, e):\n return -e.version\n")
    again = client.ask("look", stream="order-1", reducer=str(path))["error"]
    assert (again["kind"], again["changed"]) == ("consent", True)


def test_what_was_chosen_for_a_category_is_used_until_it_is_forgotten(client: FoldClient) -> None:
    assert client.ask("suggest", stream="order-1")["ok"]["chosen"] is None
    assert client.ask("choose", stream="order-1", reducer="latest")["ok"]["category"] == "orders"
    looked = client.ask("look", stream="order-1")["ok"]
    assert (looked["reducer"], looked["reducer_why"]) == ("latest", "remembered for category orders")
    assert client.ask("replay", stream="order-1", reducer="default")["ok"]["reducer"] == "merge"
    assert client.ask("suggest", stream="order-1")["ok"]["chosen"] == {"reducer": "latest", "python_path": []}
    client.ask("choose", stream="order-1", reducer="default")
    assert client.ask("look", stream="order-1")["ok"]["reducer"] == "merge"


def test_a_number_of_events_and_an_event_are_moments_too(client: FoldClient) -> None:
    by_count, by_event = client.ask("replay", stream="order-1", count=3)["ok"], client.ask("replay", stream="order-1", event=3)["ok"]
    assert by_count["state"] == by_event["state"] == {"n": 2, "k0": {"v": [0]}, "k1": {"v": [1]}, "k2": {"v": [2]}}
    assert by_count["applied"] == by_event["applied"] == 3
    assert client.ask("replay", stream="order-1", count=0)["ok"]["applied"] == 0


def test_with_blame_comes_what_the_last_event_changed(client: FoldClient) -> None:
    answer = client.ask("replay", stream="order-1", count=2, blame=True)["ok"]
    assert answer["step"] == [
        {"op": "replace", "path": "/n", "from": "0", "to": "1"},
        {"op": "add", "path": "/k1", "from": "null", "to": '{"v":[1]}'},
    ]
    assert answer["step_count"] == 2


def test_a_state_found_stays_when_the_capture_is_let_go(client: FoldClient, capture: Path) -> None:
    request = client.send("replay", stream="order-1", version=1)
    client.wait(request)
    client.ask("close")
    assert client.ask("children", of=request)["ok"]["total"] == 2
    client.ask("open", capture=str(capture))


def test_a_look_brings_all_that_a_window_shows_at_once(client: FoldClient) -> None:
    request = client.send("look", stream="order-1", count=2, open=["/k0", "/nothing"])
    look = client.wait(request)["ok"]
    assert [look[name] for name in ("total", "place", "applied", "version", "last_version", "reducer", "kind")] == [
        *(5, 2, 2, 2, 5, "merge", "object")
    ]
    assert [(change["op"], change["path"], change["from"]) for change in look["step"]] == [("replace", "/n", "0"), ("add", "/k1", "null")]
    level = look["levels"][""]
    assert [(child["key"], child["op"], child["from"], child["set_by"]["version"]) for child in level["children"]] == [
        ("n", "replace", "0", 2),
        ("k0", None, None, 1),
        ("k1", "add", None, 2),
    ]
    assert (set(look["levels"]), look["small"]) == ({"", "/k0", "/k1"}, ["/k0", "/k1"])
    assert client.ask("copy", of=request, path="/k0")["ok"] == {"text": '{"v":[0]}'}
    assert client.ask("sure", stream="order-1", count=2)["ok"]["history"] == "whole"


def test_a_look_tells_what_went_and_what_changed_out_of_sight(tmp_path: Path) -> None:
    wide: dict[str, object] = {f"k{n:03}": n for n in range(300)}
    told: list[object] = [{**wide, "card": {"a": 1, "b": 2}}, {"k299": "new", "k000": None, "card": {"b": None}}]
    path = write(tmp_path / "c.evcap", [Log([*(Written(n, json.dumps(one)) for n, one in enumerate(told)), Written(2, None)])])
    with FoldClient() as client:
        client.ask("open", capture=str(path))
        look = client.ask("look", stream="order-1", event=2, limit=50)["ok"]
        level = look["levels"][""]
        assert (len(level["children"]), level["total"]) == (50, 300)
        assert [(child["key"], child["op"], child["inside"]) for child in level["changed"]] == [("k299", "replace", 0), ("card", None, 1)]
        assert [(gone["key"], gone["from"]) for gone in level["removed"]] == [("k000", "0")]
        assert look["revealed"] == ["/card"]
        assert [gone["key"] for gone in look["levels"]["/card"]["removed"]] == ["b"]
        deleted = client.ask("look", stream="order-1")["ok"]
        assert (deleted["kind"], deleted["levels"][""]["total"], len(deleted["levels"][""]["removed"])) == ("absent", 0, 100)


def test_a_step_along_ten_thousand_events_is_quick(tmp_path: Path) -> None:
    told = [Written(n, json.dumps({"n": n, f"k{n % 60}": {"v": n}}), version=n + 1) for n in range(10_000)]
    path = write(tmp_path / "c.evcap", [Log(told)])
    with FoldClient() as client:
        client.ask("open", capture=str(path))
        assert client.ask("look", stream="order-1")["ok"]["applied"] == 10_000
        took_ms = []
        for place in [*range(9_999, 9_969, -1), *range(5_000, 5_030), 1, 8_000, 64, 9_999, 4_321]:
            start = time.perf_counter()
            assert client.ask("look", stream="order-1", count=place)["ok"]["applied"] == place
            took_ms.append((time.perf_counter() - start) * 1000)
        assert sorted(took_ms)[len(took_ms) // 2] < 50
