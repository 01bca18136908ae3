"""Every command in the README and the guide runs, on the demo shop in place of the reader's Kafka and store; what they name exists."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from inspector.cli import _joined, _parser
from inspector.demo.children import Capture, Server
from inspector.query import reference
from inspector.query.compiler import compile_filter
from inspector.query.names import CAPTURED
from tests.postgres import server as postgres
from tests.postgres.server import Database
from tests.segments.encoder import Batch, Rec, batch
from tests.segments.reading import folder as segments

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "resources" / "guide"
PAGES = [ROOT / "README.md", *sorted(GUIDE.glob("*.md"))]
STORY = ["--history", "4000", "--now", "2026-11-23T12:00:00Z", "--no-live"]
_BILLING = """
CREATE TABLE billing_messages (global_position INTEGER PRIMARY KEY, stream_name, position, id, type, time, data, metadata);
INSERT INTO billing_messages
VALUES (1, 'account-1', 0, '0f0e9d6e-1111-4222-8333-000000000001', 'Opened', '2026-11-23 08:00:00', '{"total": 1}', '{}');
"""
_STORED = (
    "CREATE TABLE shop_events (originator_id text, originator_version bigint, topic text, state bytea, notification_id bigserial UNIQUE)"
)
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    (.*)$", re.MULTILINE)


def lines() -> Iterator[tuple[str, str]]:
    """(page, line) of every line of shell that holds an `eventscope` command."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in [line for block in _BLOCK.findall(text) for line in block.splitlines()] + _INDENTED.findall(text):
            if re.search(r"(^|\| )eventscope ", line):
                yield page.name, line


LINES = list(lines())
NEEDS_SCREEN = ("eventscope open", "eventscope demo")
NEEDS_GROUPS = "eventscope lag "
"""The demo's cluster has no consumer groups: these are run by tests/kafka/test_lag.py and tests/cli/test_lag.py."""
RUNNABLE = [(page, line) for page, line in LINES if not line.startswith((*NEEDS_SCREEN, NEEDS_GROUPS))]


def named(cases: list[tuple[str, str]]) -> list[str]:
    return [f"{page}:{line[:60]}" for page, line in cases]


FOREIGN = {"--full"}  # of ./run
FOREIGN |= {"--bootstrap-server", "--from-beginning", "--timeout-ms", "--property", "--deep-iteration", "--print-data-log", "--files"}
FOREIGN |= {"--data-only", "--inserts"}
"""Options of other programs that pages name."""
EXPORTS = {
    "orders.json": b'{"topic":"orders","partition":0,"offset":7,"tstype":"create","ts":1700000000000,"key":null,"payload":"{}"}\n',
    "orders.txt": b"orders 0 7 1700000000000 -1 2 |{}\n",
    "console.txt": b"CreateTime:1700000000000\tPartition:0\tOffset:7\tNO_HEADERS\t\\N\t{}\n",
    "dump.txt": b"Dumping /kafka/orders-0/00000000000000000000.log\nLog starting offset: 0\n"
    b"| offset: 7 CreateTime: 1700000000000 keySize: -1 valueSize: 2 sequence: -1 headerKeys: [] payload: {}\n",
    "shop.sql": b"-- PostgreSQL database dump\nCOPY public.orders (id) FROM stdin;\n1\n\\.\n",
}
"""What the page on imports imports."""


class Desk:
    """A folder in which a reader's words work: `demo.evcap`, the files that pages name, and the shop behind every address."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.kafka, self.store = server.ready["kafka"], server.ready["store"]
        (folder / "client.properties").write_text("client.id=reader\n")
        (folder / "orders.jsonl").write_text('{"type":"OrderPlaced","order_id":"order-1","time":"2026-11-23T08:00:00Z"}\n' * 9)
        (folder / "client.properties.gpg").write_text("client.id=reader\n")
        self._script("eventscope", f'exec {shlex.quote(sys.executable)} -m inspector.cli "$@"')
        self._script("decrypt", 'exec cat "$1"')
        self._billing()
        for topic in ("orders", "shop.orders"):
            segments(folder / "kafka-logs", {0: batch(Batch(0, [Rec(b'{"total": 1}')]))}, f"{topic}-0")
        for name, data in EXPORTS.items():
            (folder / name).write_bytes(data)
        self._files()

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        line = re.sub(r"kafka://[^/\s]+/(\w+)", rf"{self.kafka}/shop.\1", line)
        line = re.sub(r"kafka://broker\S*", self.kafka, line)
        line = re.sub(r"--topic (\w+)", r"--topic shop.\1", line)
        line = line.replace("sqlite:///shop.db", self.store).replace(" --follow", "")
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "EVENTSCOPE_HOME": str(self.folder / "home")}
        return subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def _script(self, name: str, text: str) -> None:
        script = self.folder / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)

    def _billing(self) -> None:
        """The store that the page on descriptors describes, and the descriptor as it stands there."""
        page = (GUIDE / "stores.md").read_text(encoding="utf-8")
        (self.folder / "billing.toml").write_text(page.split("```toml\n")[1].split("```")[0])
        with closing(apsw.Connection(str(self.folder / "billing.db"))) as store:
            store.execute(_BILLING)

    def _files(self) -> None:
        """What the page on imports reads, and its descriptor."""
        (self.folder / "orders.csv").write_text("id,customer,placed_at\n1,ada,2026-11-23 08:00:00\n2,bob,2026-11-23 08:00:01\n")
        scan = '{"number": 41, "depot": 2, "parcel": "p-1", "what": "Loaded", "scan": {"at": 1700000000000}, "details": {}}'
        (self.folder / "shipments.jsonl").write_text(f"{scan}\n{scan.replace('41', '42')}\n")
        page = (GUIDE / "imports.md").read_text(encoding="utf-8")
        (self.folder / "shipments.toml").write_text(page.split("```toml\n")[1].split("```")[0])
        page = (GUIDE / "projections.md").read_text(encoding="utf-8")
        (self.folder / "stock.toml").write_text(page.split("```toml\n")[1].split("```")[0])
        (self.folder / "stock.py").write_text(page.split("```python\n")[1].split("```")[0])
        self._model()

    def _model(self) -> None:
        """The read model that the page on drift compares, as a file and in a database, and the projection as it stands there."""
        page = (GUIDE / "drift.md").read_text(encoding="utf-8")
        (self.folder / "prices.toml").write_text(page.split("```toml\n")[1].split("```")[0])
        (self.folder / "prices.csv").write_text("article,price\ntea-assam,1.00\n")
        with closing(apsw.Connection(str(self.folder / "readmodel.db"))) as model:
            model.execute("CREATE TABLE prices (article, price); INSERT INTO prices VALUES ('tea-assam', 1)")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("docs")
    with Server(folder / "shop", STORY) as server:
        ready = server.ready
        with Capture([ready["kafka"], ready["store"]], ready["topics"], folder / "demo.evcap") as capture:
            capture.wait_for(ready["events"] + ready["rows"])
            capture.follow(0)
        yield Desk(folder, server)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A PostgreSQL that lets in whoever has its password in the environment, with one event."""
    if reason := postgres.missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="eventscope-postgres-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o755)
        server = postgres.Server(Path(folder) / "cluster")
        try:
            made = server.start().database("shop")
            made.run(_STORED, "INSERT INTO shop_events VALUES ('order-1', 1, 'shop:Order.Placed', '{}')")
            patch.setenv("PGPASSWORD", postgres.PASSWORD)
            yield made
        finally:
            server.stop()


@pytest.mark.parametrize(("page", "line"), LINES, ids=named(LINES))
def test_command_is_understood(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    assert _parser().parse_args(_joined(words[words.index("eventscope") + 1 :])).run is not None


@pytest.mark.skipif(os.name == "nt", reason="the pages' commands are for a shell")
@pytest.mark.parametrize(("page", "line"), RUNNABLE, ids=named(RUNNABLE))
def test_command_runs_and_shows_something(desk: Desk, page: str, line: str, request: pytest.FixtureRequest) -> None:
    if "postgresql://" in line:
        line = re.sub(r"postgresql://\S+", request.getfixturevalue("database").url, line)
    done = desk.run(line)
    assert done.returncode in {0, 1}, f"{page}: {done.stderr}"
    assert "Traceback" not in done.stderr
    assert done.stdout or " capture " in line, f"{page}: shows nothing: {done.stderr}"


def test_the_function_of_the_page_gives_what_the_projection_that_ships_does(desk: Desk) -> None:
    told = [desk.run(f"eventscope project demo.evcap {name} --every 1h --format csv").stdout for name in ("stock", "stock.py")]
    assert told[0] == told[1]
    assert len(told[0].splitlines()) > 10


def parsers() -> dict[str, argparse.ArgumentParser]:
    (commands,) = [action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(commands.choices)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {option for parser in parsers().values() for option in parser._option_string_actions}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - known - FOREIGN == set()
    assert set(re.findall(r"`eventscope ([a-z]+)", text)) <= set(parsers())


def test_filters_page_has_what_the_language_has() -> None:
    assert reference.page() in (GUIDE / "filters.md").read_text(encoding="utf-8"), "put `inspector.query.reference.page()` into the page"


@pytest.mark.parametrize("text", reference.examples())
def test_examples_of_the_reference_are_filters(text: str) -> None:
    assert not compile_filter(text, CAPTURED).is_search


FILTERS = re.findall(r"`([^`\n]*\S (?:==|>|in) [^`\n]*)`", _BLOCK.sub("", (GUIDE / "filters.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("text", [text for text in FILTERS if not text.startswith("==")])
def test_filters_on_the_filters_page_are_filters(text: str) -> None:
    assert not compile_filter(text, CAPTURED).is_search


def test_index_leads_to_every_page() -> None:
    index = (GUIDE / "index.md").read_text(encoding="utf-8")
    assert {page.name for page in GUIDE.glob("*.md")} - {"index.md"} == set(re.findall(r"\]\(([a-z-]+\.md)\)", index))


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"
