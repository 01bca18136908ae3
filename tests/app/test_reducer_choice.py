"""Choosing how events become state: kept for the category, rules in a form, code only after a consent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from app import fold
from app.dialogs.consent import ConsentDialog
from app.messages import Messages
from app.panes.replay import ReplayPane
from app.reducer_choice import short
from app.selection import Selection
from app.session import Session
from inspector.replay.choices import Choice, choose, chosen
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000


@pytest.fixture
def pane(qtbot: QtBot, messages: Messages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplayPane]:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    documents: list[dict[str, object]] = [{"a": 1, "b": 1}, {"a": 2}]
    events = [
        Written(place, json.dumps(document), "account-1", place + 1, type="Changed", category="account")
        for place, document in enumerate(documents)
    ]
    other = [Written(9, '{"x":1}', "order-1", 1, category="order")]
    session = Session(write(tmp_path / "a.evcap", [Log([*events, *other])]), messages)
    session.start()
    selection = Selection()
    made = ReplayPane(session, selection)
    qtbot.addWidget(made)
    made.show()
    selection.choose_event(2)
    qtbot.waitUntil(lambda: made.replaying.look.get("place") == 2, timeout=_WAIT_MS)
    yield made
    session.close()
    fold.wait_for_all()


def state(pane: ReplayPane) -> dict[str, str]:
    levels = pane.replaying.look.get("levels") or {"": {"children": []}}
    return {child["key"]: child["text"] for child in levels[""]["children"]}


def test_a_choice_is_kept_for_the_category(pane: ReplayPane, qtbot: QtBot) -> None:
    assert pane.controls.reducer.currentText() == "default (merge)"
    pane.choice.take("latest")
    qtbot.waitUntil(lambda: state(pane) == {"a": "2"}, timeout=_WAIT_MS)
    assert pane.stream is not None
    source, category = pane.stream.source, pane.stream.category
    qtbot.waitUntil(lambda: (kept := chosen(source, category)) is not None and kept.reducer == "latest", timeout=_WAIT_MS)
    pane._selection.choose_event(3)
    qtbot.waitUntil(lambda: state(pane) == {"x": "1"}, timeout=_WAIT_MS)
    assert pane.controls.reducer.currentText() == "default (merge)"
    pane._selection.choose_event(2)
    qtbot.waitUntil(lambda: state(pane) == {"a": "2"}, timeout=_WAIT_MS)
    assert pane.controls.reducer.currentText() == "kept (latest)"
    pane.choice.take("default")
    qtbot.waitUntil(lambda: chosen(source, category) is None, timeout=_WAIT_MS)


def test_code_runs_after_a_consent_and_not_before(pane: ReplayPane, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "mine.py"
    code.write_text("def reduce(state, event):\n    return {'events': (state or {}).get('events', 0) + 1}\n")
    asked: list[ConsentDialog] = []

    def accept(dialog: ConsentDialog) -> QDialog.DialogCode:
        asked.append(dialog)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ConsentDialog, "exec", accept)
    pane.choice.take(str(code))
    qtbot.waitUntil(lambda: "has not been allowed to run" in pane.notice.text.whole_text(), timeout=_WAIT_MS)
    assert state(pane) == {"a": "2", "b": "1"}
    pane.notice._action.click()
    qtbot.waitUntil(lambda: state(pane) == {"events": "2"}, timeout=_WAIT_MS)
    assert [row[0] for row in asked[0].table.rows] == [str(code)]
    assert pane.controls.reducer.currentText() == "mine.py"
    assert pane.stream is not None
    source, category = pane.stream.source, pane.stream.category
    qtbot.waitUntil(lambda: (kept := chosen(source, category)) is not None and kept.reducer == str(code), timeout=_WAIT_MS)
    code.write_text("def reduce(state, event):\n    return {'changed': True}\n")
    pane.replaying.again()
    qtbot.waitUntil(lambda: "has changed since it was allowed" in pane.notice.text.whole_text(), timeout=_WAIT_MS)


def test_remembered_code_with_folders_is_asked_about_when_it_changed(
    pane: ReplayPane, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "helper.py").write_text("X = 'helped'\n")
    code = tmp_path / "mine.py"
    code.write_text("import helper\ndef reduce(state, event):\n    return {'x': helper.X}\n")
    assert pane.stream is not None
    monkeypatch.setattr(ConsentDialog, "exec", lambda _dialog: QDialog.DialogCode.Accepted)
    source, category = pane.stream.source, pane.stream.category
    pane.choice.take("merge")  # whose answer makes the process forget what was kept before
    qtbot.waitUntil(lambda: (kept := chosen(source, category)) is not None and kept.reducer == "merge", timeout=_WAIT_MS)
    pane.replaying.reducer = ""
    choose(pane.stream.source, pane.stream.category, Choice(str(code), (str(tmp_path / "lib"),)))
    pane._fold_anew()
    qtbot.waitUntil(lambda: "has not been allowed to run" in pane.notice.text.whole_text(), timeout=_WAIT_MS)
    pane.notice._action.click()
    qtbot.waitUntil(lambda: state(pane) == {"x": '"helped"'}, timeout=_WAIT_MS)
    code.write_text("def reduce(state, event):\n    return {'changed': True}\n")
    pane.go_to_count(1)
    qtbot.waitUntil(lambda: "has changed since it was allowed" in pane.notice.text.whole_text(), timeout=_WAIT_MS)
    pane.notice._action.click()
    qtbot.waitUntil(lambda: state(pane) == {"changed": "true"}, timeout=_WAIT_MS)


def test_code_that_loops_ends_the_replay_at_its_event(
    pane: ReplayPane, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "loops.py"
    code.write_text("def reduce(state, event):\n    while event.version == 2:\n        pass\n    return {'v': event.version}\n")
    monkeypatch.setattr(ConsentDialog, "exec", lambda _dialog: QDialog.DialogCode.Accepted)
    pane.choice.take(str(code))
    qtbot.waitUntil(lambda: "has not been allowed to run" in pane.notice.text.whole_text(), timeout=_WAIT_MS)
    pane.notice._action.click()
    qtbot.waitUntil(lambda: "version 2 (Changed) could not be applied" in pane.notice.text.whole_text(), timeout=_WAIT_MS)
    assert state(pane) == {"v": "1"}


def test_names_of_reducers_are_short() -> None:
    assert [short(name) for name in ("merge", "/a/b.toml", "/a/b.py", "/a/b.py:Order.Line")] == [
        "merge",
        "b.toml",
        "b.py",
        "b.py:Order.Line",
    ]
