"""What the bar says of a reading that is over: whether all that was asked for was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.fetch_bar import words
from app.fetching import Fetching, Stage, Wanted
from app.messages import Messages
from app.session import Session
from tests.app.captures import capture


@pytest.mark.parametrize(
    ("covered", "found", "is_search", "begins", "says"),
    [
        (200, 3, True, "✓ searched 200 of 200 positions, 3 matches", "everything that was asked for"),
        (10, 3, True, "! searched 10 of 200 positions, 3 matches", "the rest could not be searched"),
        (10, 8, False, "! read 10 of 200 positions, 8 came", "the rest could not be read"),
        (110, 100, False, "✓ read 110 of 200 positions, 100 came", "as many as were asked for"),
    ],
)
@pytest.mark.usefixtures("qtbot")
def test_only_a_whole_reading_is_called_whole(
    messages: Messages, tmp_path: Path, covered: int, found: int, is_search: bool, begins: str, says: str
) -> None:
    session = Session(capture(tmp_path / "a.evcap", 10), messages)
    fetching = Fetching.of(session)
    fetching.wanted = Wanted("kafka://broker:9092", (), "200 positions", 100, is_search=is_search)
    fetching.stage, fetching.covered, fetching.total, fetching.found = Stage.done, covered, 200, found
    assert words(fetching).startswith(begins)
    assert says in words(fetching)
    session.close()
