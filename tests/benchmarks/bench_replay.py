"""Time travel in one stream: the hand on the slider, `merge` beside a bare loop, and one aggregate beside its own package's repository.

The bare loop is what one would write by hand: read the JSON, follow RFC 7396, keep the state. The repository is that of the
`eventsourcing` package on its own SQLite store, of which ours reads a capture; both must find the same account.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import orjson

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamEvent, stream_batches
from inspector.cli import main as eventscope
from inspector.reducers.merge import Merge
from inspector.replay import Question, Replay
from inspector.replay.collecting import collecting_rarely
from inspector.replay.folding import Limits, fold
from inspector.user_code.codes import Codes
from tests.benchmarks import THE_GOAL, Row, in_turns, probed
from tests.replay.captures import Log, Written, write
from tests.user_code import shop

SIZES = {"small": (10_000,), "full": (10_000, 100_000)}
"""Events of the streams that the hand moves in; the last one is folded whole."""
REPOSITORY = {"small": 1_000, "full": 10_000}
"""Events of the account."""
GOAL, REPOSITORY_GOAL = 1.5, 5.0
SLIDER_S, FIRST_S = 0.016, 0.15
_BARE_SQL = "SELECT json(e.data) FROM event_stream x CROSS JOIN event e ON e.seq = x.seq WHERE x.stream_id = ? ORDER BY x.version"
_RULES = """
[[on]]
type = "tests.user_code.shop:Account.Created"
set = { owner = "data.owner", balance = 0, deposits = 0 }

[[on]]
type = "tests.user_code.shop:Account.Deposited"
add = { balance = "data.amount._data_", deposits = { value = 1 } }
"""
_FUNCTION = """
def reduce(state, event):
    state = state or {"events": 0, "total": 0.0}
    state["events"] += 1
    state["total"] += event.data["total"]
    state["sku"] = event.data["sku"]
    return state
"""


def rows(size: str) -> Iterator[Row]:
    """The table's rows for this part."""
    with collecting_rarely(), tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
        for events in SIZES[size]:
            yield from _slider(Path(folder) / f"slider-{events}.evcap", events)
        whole = _one_stream(Path(folder) / "one.evcap", events)
        yield _in_memory(whole, events)
        yield _from_capture(whole, events)
        yield _by_function(whole, events)
        yield from _account(Path(folder), REPOSITORY[size])


# ---- the hand on the slider


def _slider(path: Path, events: int) -> Iterator[Row]:
    """Through a window, its fold process, and back: until the state's place is shown."""
    changes = [Written(n, _document(n), version=n) for n in range(1, events + 1)]
    write(path, [Log([Written(0, _document(0), "order-0", 1), *changes])])
    found = probed("slider", path)
    path.unlink()
    yield Row(f"first touch of all, with the process, {events:,} events", found["begun_s"])
    yield Row(f"first touch of {events:,} events / 150 ms", found["first_s"], FIRST_S, goal=1.0, peer_name=THE_GOAL)
    yield Row(f"until the strip of {events:,} events is there too", found["strip_s"])
    yield Row(f"slider to state, {events:,} events, p95 / 16 ms", found["p95_s"], SLIDER_S, goal=1.0, peer_name=THE_GOAL)
    yield Row(f"slider to state, {events:,} events, the slowest / 16 ms", found["max_s"], SLIDER_S, peer_name=THE_GOAL)


# ---- folding a stream


def _document(number: int) -> str:
    """A change to an order of some 180 bytes, as an application would write it."""
    change = {
        "order_id": f"order-{number % 977}",
        "sku": f"sku-{number % 31}",
        "quantity": number % 9,
        "total": round(number * 1.37, 2),
        "customer": {"id": number, "tier": "gold" if number % 3 else None},
        "at": "2026-11-23T08:00:00.000000Z",
        "trace": f"3e{number:06d}-aaaa-4bbb-8888-123456789012",
    }
    return orjson.dumps(change).decode()


def _one_stream(path: Path, count: int) -> Path:
    return write(path, [Log([Written(number, _document(number), version=number + 1) for number in range(count)])])


def _in_memory(path: Path, count: int) -> Row:
    with CaptureReader(path) as reader:
        batches = list(stream_batches(reader, 1))
    events = [event for batch in batches for event in batch]
    ours, peer = in_turns(lambda: fold(lambda: batches, Merge(), Limits()).state, lambda: _bare(_texts(events)))
    return Row(f"merge, {count:,} events of one stream in memory", ours, peer, goal=GOAL, peer_name="bare loop")


def _from_capture(path: Path, count: int) -> Row:
    with CaptureReader(path) as reader:
        ours, peer = in_turns(lambda: Replay(reader, Question("order-1")).answer().folded.state, lambda: _bare(_stored(reader)))
    return Row(f"merge, {count:,} events of one stream from a capture", ours, peer, goal=GOAL, peer_name="bare loop over SQL")


def _by_function(path: Path, count: int) -> Row:
    """A user's function, in its own process under its limits, beside the same function in the bare loop."""
    file = path.with_name("mine.py")
    file.write_text(_FUNCTION)
    scope: dict[str, Callable[[object, object], object]] = {}
    exec(_FUNCTION, scope)  # our own text, above
    codes = Codes()
    with CaptureReader(path) as reader:
        question = Question("order-1", reducer=str(file))
        ours, peer = in_turns(lambda: _replayed(reader, question, codes), lambda: _called(scope["reduce"], _stored(reader)))
    codes.close()
    return Row(f"a user's function, {count:,} events from a capture", ours, peer, peer_name="the same in a bare loop over SQL")


def _stored(reader: CaptureReader) -> Iterator[str]:
    return (row[0] for row in reader.connection.execute(_BARE_SQL, (1,)))


class _Given:
    """What the function looks at."""

    __slots__ = ("data",)

    def __init__(self, data: object) -> None:
        self.data = data


def _called(reduce: Callable[[object, object], object], texts: Iterable[str]) -> object:
    state: object = None
    for text in texts:
        state = reduce(state, _Given(orjson.loads(text)))
    return state


def _texts(events: Iterable[StreamEvent]) -> Iterable[str]:
    return (event.data for event in events if event.data is not None)


def _bare(texts: Iterable[str]) -> object:
    state: object = None
    for text in texts:
        state = _merge(state, orjson.loads(text))
    return state


def _merge(target: object, patch: object) -> object:
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = _merge(target.get(name), value)
    return target


# ---- one aggregate, beside its package


def _account(folder: Path, events: int) -> Iterator[Row]:
    """Events a second: by rules, which give the same state, and by the application's own class, which is the package's code."""
    store, capture, rules = folder / "shop.db", folder / "shop.evcap", folder / "account.toml"
    rules.write_text(_RULES)
    application = shop.Shop(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(store)})
    number = _deposited(application, events)
    with contextlib.redirect_stdout(io.StringIO()):
        assert eventscope(["capture", f"sqlite:///{store.as_posix()}", "--topic", "stored_events", "-o", str(capture)]) == 0
    told: shop.Account = application.repository.get(number)
    codes = Codes()
    with CaptureReader(capture) as reader:
        for name, reducer, goal in (("rules", str(rules), REPOSITORY_GOAL), ("its own class", f"{shop.__file__}:Account", None)):
            replayed = partial(_replayed, reader, Question(number.hex, reducer=reducer), codes)
            state = replayed()
            assert isinstance(state, dict)
            assert (float(state["balance"]), state["deposits"]) == (float(told.balance), told.deposits)
            ours, peer = in_turns(replayed, lambda: application.repository.get(number))
            yield Row(
                f"account of {events:,} by {name} / eventsourcing",
                events / ours,
                events / peer,
                "/s",
                goal,
                more_is_better=True,
                peer_name="the package's own repository",
            )
    codes.close()
    application.close()


def _replayed(reader: CaptureReader, question: Question, codes: Codes) -> object:
    return Replay(reader, question, codes=codes).answer().folded.state


def _deposited(application: shop.Shop, events: int) -> UUID:
    """An account of so many events."""
    account = shop.Account(owner="Ann")
    for amount in range(1, events):
        account.deposit(Decimal(amount) / 100)
    application.save(account)
    return account.id
