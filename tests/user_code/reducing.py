"""Reducers out of files for tests; their processes end when the reducer is let go of."""

from __future__ import annotations

from pathlib import Path

from inspector.user_code import USUAL, Terms
from inspector.user_code.codes import Codes
from inspector.user_code.consent import needed
from inspector.user_code.outside import ByCode


def by_code(path: Path, attribute: str | None = None, *, stream: str = "order-1", terms: Terms = USUAL) -> ByCode:
    """The reducer in a file."""
    return Codes().reducer(f"{path}:{attribute}" if attribute else str(path), terms, stream)


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    """A file of code."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def consented(path: Path) -> dict[str, str]:
    """The fields of a request that lets the file run as it is."""
    asked = needed(path)
    assert asked is not None
    return {"reducer": str(path), "consent": asked.digest}
