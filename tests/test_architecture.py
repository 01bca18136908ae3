"""What the import contracts cannot say: what a command loads, where libraries belong, SQL that holds no user's words, unfinished work."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from tests.capture.batches import events, records
from tests.capture.test_writer import Writing

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("app", "inspector", "resources") for path in (ROOT / folder).rglob("*.py"))
OPENS_SQLITE = {"inspector/capture/sqlite.py", "inspector/capture/lock.py", "inspector/capture/stage.py", "inspector/demo/store.py"}
"""The capture's own doors, and the demo that makes a store; other people's stores are opened in `inspector/sources/sql_*`."""

BELONGS = {
    "PySide6": "app/*",
    "shiboken6": "app/*",
    "pyqtgraph": "app/*",
    "confluent_kafka": "inspector/sources/kafka*.py inspector/demo/*",
    "cryptography": "inspector/sources/kafka*.py inspector/demo/*",
    "httpx": "inspector/schemas/http_get.py",
    "sqlalchemy": "inspector/capture/* inspector/drift/statements.py",
    "lark": "inspector/query/*",
    "psycopg": "inspector/sources/postgres*.py",
    "sqlite3": "",
    "pickle": "",
    "asyncio": "",
    "app": "app/*",
}
"""Library → the files that may import it. New files are held to it without being listed, which a contract cannot do."""

SQL = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE \w|DELETE FROM|PRAGMA|CREATE (TEMP )?(TABLE|INDEX|VIEW)|ATTACH|FROM|WHERE|ORDER BY|json_each)\b"
)
MADE_HERE = re.compile(
    r"_?[A-Z][A-Z_]*\b.*|\w*\.sql|int\(.*\)|'\?'.*|', '\.join\('\?' \* .*"  # constants, compiled conditions, numbers, marks
    r"|(_?quoted(_text)?|self\.bind|second_of|_time_sql|from_for)\(.*\)"
    r"|(self|reader)\.shown\(_?[A-Z_]+\)"  # what quotes, binds, hides columns
    r"|(\w+\.)*(scope|_scope)\.(bind|path|type_of)\(.*\)|(\w+\.)*place\.document"  # what a filter is made of (`query.values`)
)
COMPOSED = {
    "app/models/color_rules.py": "rule.condition.sql",
    "app/models/places.py": "compare direction sql",
    "inspector/capture/append.py": "condition",
    "inspector/capture/fields.py": "value",
    "inspector/capture/indexing.py": "value",
    "inspector/capture/looking.py": "columns compare condition direction looked timed where",
    "inspector/capture/opening.py": "table",
    "inspector/capture/reader.py": "between compare direction first key last marks sql where",
    "inspector/capture/report.py": "', '.join(keys) ', '.join([*keys, 'count(*)']) where",
    "inspector/capture/rollup.py": "sums",
    "inspector/capture/stage.py": "table",
    "inspector/capture/steps.py": "blocks label measure where within",
    "inspector/capture/stream_columns.py": "', '.join(names) sql",
    "inspector/capture/streams.py": "end ends marks",
    "inspector/projections/plan.py": "lists together",
    "inspector/query/calls.py": "each text",
    "inspector/query/comparing.py": "each element equal name named test there",
    "inspector/query/compiler.py": "each element found path",
    "inspector/query/fields.py": "document listed",
    "inspector/sources/postgres_claims.py": "self._distinct(scope) ', '.join(scope.cells) name position where",
    "inspector/sources/postgres_progress.py": "data named position stream table version",
    "inspector/sources/postgres_rows.py": "columns order table where",
    "inspector/sources/postgres_scope.py": "cell key of_stream own table",
    "inspector/sources/postgres_table.py": "among column decided ends[0] ends[1] inside kind self._decided self._position self._xid "
    "table way where xid",
    "inspector/sources/sql_claims.py": "', '.join(scope.cells) beyond key name self._select where",
    "inspector/sources/sql_links.py": "', '.join(scope.cells) joined kept left main_table(descriptor, main) order position where",
    "inspector/sources/sql_scope.py": "', '.join(keys) cell named_keys of_stream order",
    "inspector/sources/sql_survey.py": "', '.join((f'{column} {direction}' for column in key)) cells order rowid",
    "inspector/sources/sql_table.py": "', '.join(scope.cells) column end main_table(self.descriptor, self.shape) own self._from "
    "self._position self._where sql",
}
"""Module → the names it composes SQL from, each read once by a person: none holds what a user or a log wrote, but for a
field's name that is quoted (`capture.fields.kept`): a definition takes no bound values."""

LONGER = {
    "inspector/capture/writer.py": 510,
    "inspector/cli/capture.py": 450,
    "inspector/sources/kafka_read.py": 400,
}
"""Modules that have outgrown `USUAL`, with a bound each: lower one when its module gets shorter, raise none."""
USUAL = 350


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCES:
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_libraries_stay_where_they_belong() -> None:
    strays = [
        f"{name} imports {module}"
        for name, tree in trees()
        for module in imported(tree)
        if not any(fnmatch(name, place) for place in BELONGS.get(module.partition(".")[0], "*").split())
    ]
    assert strays == []


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished capture."""
    path = tmp_path_factory.mktemp("architecture") / "small.evcap"
    writing = Writing(path)
    writing.append(events(records(range(10))), {0: (0, 10)})
    writing.stager.close()
    writing.writer.close()
    with CaptureReader(path) as reader:
        assert reader.watermark().events == 10
    return path


LOADED = """
import json, sys
from inspector.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as ended:
    status = ended.code
print()
print(json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
WINDOW = {"PySide6", "shiboken6", "pyqtgraph", "app"}
HEAVY = {"psycopg", "sqlalchemy", "confluent_kafka", "cryptography", "numpy", "lark", "httpx", "google", "fastavro"}


@pytest.mark.parametrize(
    ("words", "not_loaded"),
    [
        ("--help", WINDOW | HEAVY | {"apsw"}),
        ("--version", WINDOW | HEAVY | {"apsw"}),
        ("capture --help", WINDOW | HEAVY | {"apsw"}),
        ("info FILE", WINDOW | HEAVY),
        ("schemas FILE", WINDOW | HEAVY),
        ("events FILE --limit 1", WINDOW | HEAVY),
        ("events FILE --limit 1 --order time", WINDOW | HEAVY),
        ("streams FILE", WINDOW | HEAVY),
        ("count FILE --by type", WINDOW | HEAVY),
        ("count FILE --filter position>3", WINDOW | {"sqlalchemy", "confluent_kafka", "numpy"}),
        ("logs sqlite:///FILE", WINDOW),
    ],
)
def test_command_loads_only_what_it_needs(words: str, not_loaded: set[str], capture: Path) -> None:
    command = [word.replace("FILE", str(capture)) for word in words.split()]
    done = subprocess.run([sys.executable, "-c", LOADED, *command], capture_output=True, text=True, timeout=60, check=True)
    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert (status or 0) == 0 or words.startswith("logs"), done.stderr
    assert not_loaded.isdisjoint(loaded)


def test_whole_core_loads_without_the_window() -> None:
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name, _ in trees() if name.startswith("inspector/")]
    loading = f"import importlib, json, sys\nfor name in {[name for name in modules if not name.endswith('__main__')]}:\n"
    loading += "    importlib.import_module(name)\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, timeout=60, check=True)
    assert WINDOW.isdisjoint(name.partition(".")[0] for name in json.loads(done.stdout))


def composed_sql(tree: ast.Module) -> Iterator[ast.expr]:
    """Every expression that stands in a text with SQL words in it: in an f-string, beside `%` or `+`, or in `.format`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            if SQL.search(" ".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))):
                yield from (part.value for part in node.values if isinstance(part, ast.FormattedValue))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)) and _is_sql(node.left):
            yield node.right
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format" and _is_sql(node.func.value)
        ):
            yield from (*node.args, *(keyword.value for keyword in node.keywords))


def _is_sql(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value) is not None


def test_sql_is_composed_of_our_own_words_only() -> None:
    strange = [
        f"{name}:{part.lineno}: {ast.unparse(part)}"
        for name, tree in trees()
        for part in composed_sql(tree)
        if not MADE_HERE.fullmatch(ast.unparse(part)) and not _is_listed(ast.unparse(part), COMPOSED.get(name, ""))
    ]
    assert strange == []


def _is_listed(part: str, names: str) -> bool:
    return f" {part} " in f" {names} "


@pytest.mark.parametrize(
    "text", ["f\"SELECT 1 FROM t WHERE name = '{name}'\"", "'SELECT %s' % name", "'SELECT 1 FROM ' + name", "'SELECT {}'.format(name)"]
)
def test_composed_sql_is_seen(text: str) -> None:
    assert [ast.unparse(part) for part in composed_sql(ast.parse(text))] == ["name"]


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
    assert {name for name, _ in called} <= {"inspector/user_code/loading.py"}


def test_no_unfinished_work_is_left() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [str(path) for path in SOURCES if marks.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_everything_and_name_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links", text)
    for pinned in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9._-]+==\S+", pinned)
        assert "--hash=sha256:" in pinned


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, tree in trees() if tree.body and not ast.get_docstring(tree)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGER.get(path.relative_to(ROOT).as_posix(), USUAL)
