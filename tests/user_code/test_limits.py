"""Whatever a user's code does, the replay ends at a known event with a sentence, and the process that asks goes on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.reducers import FoldError, batch_of
from inspector.user_code import StoppedError, Terms
from inspector.user_code.codes import Codes
from tests.replay.stories import event
from tests.user_code.reducing import by_code, written

TERMS = Terms(event_s=1.0, memory_mb=300)
REDUCER = """
import os, signal, sys, threading, time
from pathlib import Path

def reduce(state, event):
    state = (state or 0) + 1
    if event.data == "bad":
        BAD
    return state
"""


def _failing(folder: Path, bad: str) -> Path:
    return written(folder, REDUCER.replace("BAD", bad))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("while True: pass", "longer than 1 s"),
        ("time.sleep(60)", "longer than 1 s"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", "longer than 1 s"),
        ("return [0] * 10**9", "MemoryError"),
        ("f = lambda: f()\n        f()", "RecursionError"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise BaseException('odd')", "BaseException: odd"),
        ("os._exit(7)", "ended with status 7"),
        ("input()", "EOFError"),
        ("return float('nan')", "no finite number"),
        ("return {'a': [1.5, float('inf'), None]}", "/a/1 is no JSON value"),
        ("x = []; x.append(x); return x", "holds itself"),
        ("return {1: 2}", "no text"),
        ("return object()", "no JSON value: object"),
        ("os.kill(os.getpid(), 9)", "signal 9"),
    ],
)
def test_what_an_event_does_ends_the_replay_at_that_event(tmp_path: Path, bad: str, said: str) -> None:
    reducer = by_code(_failing(tmp_path, bad), terms=TERMS)
    events = [event(seq, '"bad"' if seq == 37 else "1") for seq in range(1, 61)]
    with pytest.raises(FoldError, match=said) as raised:
        reducer.fold(reducer.initial(), batch_of(events))
    assert raised.value.place == 36
    assert reducer.fold(reducer.initial(), batch_of(events[:36])) == 36, "it is started again where it ended"
    with pytest.raises(FoldError, match=said):
        reducer.step(36, events[36], "bad")


def test_memory_that_is_asked_for_bit_by_bit_ends_the_replay_too(tmp_path: Path) -> None:
    path = written(tmp_path, "kept = []\ndef reduce(s, e):\n kept.append(b'x' * 20_000_000)\n return len(kept)\n")
    reducer = by_code(path, terms=Terms(event_s=30, memory_mb=200))
    state = reducer.initial()
    with pytest.raises(FoldError, match="memory"):
        reducer.fold(state, batch_of([event(seq) for seq in range(1, 100)]))


def test_threads_folders_and_output_are_the_codes_own_affair(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = (
        "import os, sys, threading, time\ndef reduce(s, e):\n threading.Thread(target=time.sleep, args=(60,)).start()\n os.chdir('/')\n"
        " print('x' * 1000)\n os.write(1, b'y' * 1000)\n sys.stderr.write('z' * 1000)\n return e.seq\n"
    )
    here = Path.cwd()
    codes = Codes()
    reducer = codes.reducer(str(written(tmp_path, text)), Terms(), "s")
    assert reducer.fold(reducer.initial(), batch_of([event(seq) for seq in range(1, 200)])) == 199
    codes.close()
    printed = capfd.readouterr()
    assert printed.out == ""
    assert len(printed.err) < 70_000
    assert "prints more than is shown" in printed.err
    assert Path.cwd() == here


def test_what_is_printed_of_an_event_steers_no_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = "import sys\ndef reduce(s, e):\n print('a\\x1b]0;title\\x07\\tb\\x9b31m', file=sys.stderr)\n return e.seq\n"
    codes = Codes()
    reducer = codes.reducer(str(written(tmp_path, text)), Terms(), "s")
    reducer.fold(reducer.initial(), batch_of([event(1)]))
    codes.close()
    assert "a⟨U+001B⟩]0;title⟨U+0007⟩\tb⟨U+009B⟩31m" in capfd.readouterr().err


@pytest.mark.parametrize("prints", ["os.write(2, b'x' * 10_000_000)", "os.system('head -c 10000000 /dev/zero >&2')"])
def test_what_is_printed_past_python_is_bounded_too(tmp_path: Path, capfd: pytest.CaptureFixture[str], prints: str) -> None:
    codes = Codes()
    reducer = codes.reducer(str(written(tmp_path, f"import os\ndef reduce(s, e):\n {prints}\n return e.seq\n")), Terms(), "s")
    assert reducer.step(reducer.initial(), event(1), {}) == 1
    codes.close()
    printed = capfd.readouterr()
    assert (len(printed.err) < 70_000, "prints more than is shown" in printed.err) == (True, True)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("os.fork()", "another question: does the code fork"),
        (
            "for n in range(3, 9):\n            try: os.write(n, bytes(15) + b'x')\n            except OSError: pass",
            "wrote what is no answer .a message of",
        ),
        ("raise ValueError('\\ud800')", r"ValueError: \\ud800"),
    ],
)
def test_no_answer_is_taken_for_another(tmp_path: Path, bad: str, said: str) -> None:
    reducer = by_code(_failing(tmp_path, bad), terms=Terms(event_s=5, memory_mb=300))
    state = reducer.step(0, event(1), {})

    def step_on(state: object) -> None:
        for number in range(20):
            state = reducer.step(state, event(number, '"bad"'), "bad")

    with pytest.raises(FoldError, match=said):
        step_on(state)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("10**30", 10**30),
        ("'\\ud800'", "\ud800"),
        ("[None, True, 'ä', 0.1]", [None, True, "ä", 0.1]),
        ("-0.0", -0.0),
    ],
)
def test_odd_states_come_through(tmp_path: Path, expression: str, value: object) -> None:
    reducer = by_code(written(tmp_path, f"def reduce(s, e):\n return {expression}\n"))
    assert reducer.fold(reducer.initial(), batch_of([event(1)])) == value
    assert reducer.step(value, event(1), {}) == value


def test_a_state_900_deep_comes_through(tmp_path: Path) -> None:
    reducer = by_code(written(tmp_path, "def reduce(s, e):\n return [s]\n"))
    state = reducer.fold(reducer.initial(), batch_of([event(seq) for seq in range(1, 901)]))
    depth = 0
    while isinstance(state, list):
        state, depth = state[0], depth + 1
    assert depth == 900


def test_a_file_that_loops_or_leaves_while_it_is_imported_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ended with status 5"):
        by_code(written(tmp_path, "import os\nos._exit(5)\n"))
    with pytest.raises(UsageError, match="failed: ValueError: no"):
        by_code(written(tmp_path, "def initial(): raise ValueError('no')\ndef reduce(s, e): pass\n")).initial()


def test_code_that_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    wanted = threading.Event()
    wanted.set()
    codes = Codes(is_wanted=wanted.is_set)
    reducer = codes.reducer(str(written(tmp_path, "def reduce(s, e):\n while True: pass\n")), Terms(event_s=3600), "s")
    state = reducer.initial()
    timer = threading.Timer(0.2, wanted.clear)
    timer.start()
    began_s = time.monotonic()
    with pytest.raises(StoppedError):
        reducer.fold(state, batch_of([event(1)]))
    timer.join()
    assert time.monotonic() - began_s < 30
    codes.close()


@pytest.mark.parametrize(("event_s", "memory_mb"), [(0.0, 100), (-1.0, 100), (float("nan"), 100), (1.0, 1), (1.0, 10**20)])
def test_terms_that_nothing_can_keep_are_refused(event_s: float, memory_mb: int) -> None:
    with pytest.raises(UsageError, match="limit"):
        Terms(event_s=event_s, memory_mb=memory_mb)
