"""The guide's page says what the code does."""

import re
from importlib.resources import files
from pathlib import Path

from inspector import plugins
from inspector.reducers import batch_of
from inspector.replay import history
from inspector.user_code.functions import UserEvent
from tests.replay.stories import event
from tests.user_code.reducing import by_code

GUIDE = (files("resources") / "guide" / "replay.md").read_text(encoding="utf-8")


def test_the_guides_reducer_runs(tmp_path: Path) -> None:
    path = tmp_path / "guide.py"
    path.write_text(GUIDE.split("```python")[1].split("```")[0])
    reducer = by_code(path)
    placed = event(1, {"total": 12.5}, type="OrderPlaced")
    assert reducer.fold(reducer.initial(), batch_of([placed, event(2, {"total": 1}, type="Other")])) == {"total": 12.5}


def test_the_guide_names_every_reducer_history_and_field_of_an_event() -> None:
    words = [history.WHOLE, history.STARTS_LATE, history.HOLES, history.FILTERED, history.UNKNOWN]
    fields = [*UserEvent.__dataclass_fields__, "time"]
    for name in (*words, *plugins.names("reducers"), *fields):
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", GUIDE), name
