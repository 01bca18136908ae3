"""A user's file folds, fails as a value, and can neither spoil the output nor the state before a failure."""

from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.reducers import FoldError, Reducer, batch_of
from tests.contracts import ReducerContract
from tests.replay.stories import event, tombstone
from tests.user_code.reducing import by_code

COUNTING = """
def initial():
    return {"count": 0, "types": []}

def reduce(state, event):
    print("noise")
    state["count"] += 1
    state["types"].append([event.type, event.version, event.time])
    if event.data == "bad":
        raise ValueError("bad event")
    return state
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


class TestFunctionContract(ReducerContract):
    @pytest.fixture(autouse=True)
    def _write(self, tmp_path: Path) -> None:
        self.path = _file(tmp_path, COUNTING)

    def reducer(self) -> Reducer:
        return by_code(self.path)


def test_a_users_function_folds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reducer = by_code(_file(tmp_path, COUNTING))
    state = reducer.fold(reducer.initial(), batch_of([event(1, {"a": 1}), tombstone(2)]))
    expected = [["Changed", 1, "1970-01-01T00:00:01.000000Z"], ["Changed", 2, "1970-01-01T00:00:02.000000Z"]]
    assert state == {"count": 2, "types": expected}
    assert capsys.readouterr().out == "", "what the file prints does not reach our output"
    assert not (tmp_path / "__pycache__").exists()


def test_a_failure_names_the_event_and_the_reason(tmp_path: Path) -> None:
    reducer = by_code(_file(tmp_path, COUNTING))
    with pytest.raises(FoldError, match="ValueError: bad event") as raised:
        reducer.fold(reducer.initial(), batch_of([event(1, 1), event(2, '"bad"')]))
    assert raised.value.place == 1


def test_a_step_leaves_the_state_before_it_alone(tmp_path: Path) -> None:
    reducer = by_code(_file(tmp_path, COUNTING))
    before = {"count": 1, "types": [[1]]}
    with pytest.raises(FoldError):
        reducer.step(before, event(1, '"bad"'), "bad")
    assert before == {"count": 1, "types": [[1]]}


def test_leaving_the_program_is_a_failure_of_the_event(tmp_path: Path) -> None:
    reducer = by_code(_file(tmp_path, "import sys\ndef reduce(state, event): sys.exit(9)\n"))
    with pytest.raises(FoldError, match="SystemExit: 9"):
        reducer.fold(reducer.initial(), batch_of([event(1)]))


def test_a_state_that_is_no_json_is_a_failure(tmp_path: Path) -> None:
    reducer = by_code(_file(tmp_path, "def reduce(state, event): return {'a': {1, 2}}\n"))
    with pytest.raises(FoldError, match="/a is no JSON value: set"):
        reducer.step(None, event(1), None)


@pytest.mark.parametrize(
    ("text", "said"),
    [("x = 1", "no function reduce"), ("def reduce(", "SyntaxError"), ("raise RuntimeError('no')", "RuntimeError: no")],
)
def test_a_file_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        by_code(_file(tmp_path, text))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Python file"):
        by_code(tmp_path / "none.py")
