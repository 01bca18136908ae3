"""An application's own aggregate classes give at every version what the package's own repository gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.errors import UsageError
from inspector.replay import Question, Replay, after_events, at_version
from inspector.replay.story import Story
from inspector.replay.suggesting import suggest
from inspector.user_code.codes import Codes
from inspector.values import parse, to_json
from tests.user_code import shop
from tests.user_code.reducing import written

ROOT = Path(__file__).parents[2]
SHOP = str(Path(shop.__file__))

Store = tuple[Path, list[dict[str, Any]]]


def package(command: str, environment: dict[str, str]) -> list[dict[str, Any]]:
    """What the package itself does and prints, in its own process."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.user_code.shop_store", command],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [cast("dict[str, Any]", parse(line)) for line in told.stdout.splitlines()]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A capture of a real store, and every version of every aggregate from the package's repository."""
    folder = tmp_path_factory.mktemp("store")
    environment = {"SQLITE_DBNAME": str(folder / "shop.db")}
    package("write", environment)
    states = package("states", environment)
    capture = folder / "shop.evcap"
    assert main(["capture", f"sqlite:///{(folder / 'shop.db').as_posix()}", "--topic", "stored_events", "-o", str(capture)]) == 0
    return capture, states


def test_every_version_of_every_aggregate_is_what_the_repository_gives(store: Store) -> None:
    capture, states = store
    assert {told["kind"] for told in states} == {"Order", "Account", "Member"}
    codes = Codes()
    with CaptureReader(capture) as reader:
        for told in states:
            question = Question(told["id"], moment=at_version(told["version"]), reducer=f"{SHOP}:{told['kind']}")
            answer = Replay(reader, question, codes=codes).answer()
            assert answer.folded.failure is None, answer.folded.failure
            assert to_json(answer.folded.state) == to_json(told["state"])
    codes.close()


def test_going_to_and_fro_gives_the_same_also_when_the_process_ended_meanwhile(store: Store) -> None:
    capture, states = store
    newest = max((told for told in states if told["kind"] == "Account"), key=lambda told: told["version"])
    by_version = {told["version"]: told["state"] for told in states if told["id"] == newest["id"]}
    codes = Codes()
    with CaptureReader(capture) as reader:
        stream = Replay(reader, Question(newest["id"])).stream
        story = Story(reader, stream.id, f"{SHOP}:Account", codes=codes)
        for turn, version in enumerate((9, 2, 8, 3, 9, 1, 5, 9)):
            if turn % 3 == 2:
                codes.close()
            found = story.find(after_events(version))
            assert found.stand.state == by_version[version]
            assert found.place == version
    codes.close()


def test_an_account_by_rules_is_what_the_repository_gives(store: Store, tmp_path: Path) -> None:
    rules = written(
        tmp_path,
        """
[[on]]
type = "tests.user_code.shop:Account.Created"
set = { owner = "data.owner", balance = 0, deposits = 0 }

[[on]]
type = "tests.user_code.shop:Account.Deposited"
add = { balance = "data.amount._data_", deposits = { value = 1 } }
""",
        "account.toml",
    )
    capture, states = store
    with CaptureReader(capture) as reader:
        for told in states:
            if told["kind"] == "Account":
                answer = Replay(reader, Question(told["id"], moment=at_version(told["version"]), reducer=str(rules))).answer()
                assert answer.folded.state == {name: told["state"][name] for name in ("owner", "balance", "deposits")}


def _one(states: list[dict[str, Any]], kind: str) -> str:
    return str(next(told["id"] for told in states if told["kind"] == kind))


def _replayed(store: Store, kind: str, reducer: str) -> tuple[object, str]:
    codes = Codes()
    with CaptureReader(store[0]) as reader:
        folded = Replay(reader, Question(_one(store[1], kind), reducer=reducer), codes=codes).answer().folded
    codes.close()
    return folded.state, "" if folded.failure is None else folded.failure.reason


def test_a_file_that_names_its_aggregate_is_enough(store: Store, tmp_path: Path) -> None:
    folders = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
    path = written(tmp_path, f"{folders}from tests.user_code.shop import Shop, Order\naggregate = Order\n")
    state, reason = _replayed(store, "Order", str(path))
    assert isinstance(state, dict), reason
    assert list(state)[:4] == ["id", "version", "created_on", "modified_on"]
    assert state["status"] == "PAID"


def test_another_class_than_that_of_the_stream_is_said(store: Store) -> None:
    state, reason = _replayed(store, "Order", f"{SHOP}:Account")
    assert state is not None
    assert "not Account" in reason


def test_a_topic_loads_no_module_that_the_file_did_not(store: Store, tmp_path: Path) -> None:
    text = "from eventsourcing.domain import Aggregate\nclass Other(Aggregate):\n pass\n"
    _state, reason = _replayed(store, "Order", f"{written(tmp_path, text)}:Other")
    assert "there is no class for the topic tests.user_code.shop:Order.Placed" in reason


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("class Plain: pass\n", "Plain", "no aggregate of the eventsourcing package"),
        ("x = 1\n", "Missing", "has no Missing"),
        ("x = 1\n", "x", "no function x"),
        ("import sys\nsys.modules['eventsourcing'] = None\nclass Order: pass\n", "Order", "pip install eventsourcing"),
    ],
)
def test_what_cannot_be_used_is_said(store: Store, tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _replayed(store, "Order", f"{written(tmp_path, text)}:{name}")


def test_the_data_suggests_the_class(store: Store) -> None:
    with CaptureReader(store[0]) as reader:
        found = suggest(reader, "Member")
    assert (found[0].reducer, found[0].needs_file) == ("FILE.py:Member", True)
    assert "tests.user_code.shop" in found[0].why


def test_the_command_line_remembers_and_says_so(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shop.py"
    path.write_bytes(Path(SHOP).read_bytes())
    base = ["replay", str(store[0]), _one(store[1], "Order"), "--format", "jsonl"]
    assert main([*base, "--reducer", f"{path}:Order", "--remember"]) == 0
    named = json.loads(capsys.readouterr().out)
    assert main(base) == 0
    remembered = json.loads(capsys.readouterr().out)
    assert remembered.pop("reducer_why") == "remembered for category Order"
    assert remembered == named
    assert main([*base, "--reducer", "default"]) == 0
    assert json.loads(capsys.readouterr().out)["reducer"] == "merge"
    path.write_text(path.read_text() + "\n")
    assert main(base) == 2
    assert "has changed since it was allowed to run" in capsys.readouterr().err
