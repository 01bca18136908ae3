"""What the import contracts cannot say: no unfinished work, one door to SQLite, SQL that holds no user's words, files of a size to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("app", "inspector", "resources") for path in (ROOT / folder).rglob("*.py"))
OPENS_SQLITE = {"inspector/capture/sqlite.py", "inspector/capture/lock.py", "inspector/capture/stage.py", "inspector/demo/store.py"}
"""The capture's own doors, and the demo that makes a store; other people's stores are opened in `inspector/sources/sql_*`."""


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCES:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def test_no_unfinished_work_is_left() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [str(path) for path in SOURCES if marks.search(path.read_text(encoding="utf-8"))] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, tree in trees() if tree.body and not ast.get_docstring(tree)] == []


def test_connections_are_made_behind_few_doors() -> None:
    openers = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "apsw.Connection" and ast.unparse(node.args[0]) != "':memory:'"
    }
    assert {name for name in openers if not name.startswith("inspector/sources/sql")} <= OPENS_SQLITE


def test_nothing_is_executed_that_a_log_could_hold() -> None:
    called = {
        (name, node.func.id)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec", "compile", "__import__"}
    }
    assert {name for name, _ in called} <= {"inspector/reducers/from_file.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 560
