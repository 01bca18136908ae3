"""The settings of these tests are their own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what the program keeps for its user."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("EVENTSCOPE_HOME", str(folder))
    return folder
