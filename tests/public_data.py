"""Where the public test suites lie; they are not part of the project. Tests that need them skip loudly without them.

`EVENTSCOPE_TEST_DATA` names the folder, else `../shared/data` beside the checkout is looked for.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def folder(name: str) -> Path | None:
    """The folder `name` of the public data, or None."""
    found = Path(os.environ.get("EVENTSCOPE_TEST_DATA") or _BESIDE) / name
    return found if found.is_dir() else None


def needed(name: str) -> pytest.MarkDecorator:
    """Skips a test when the folder `name` is not there, saying so."""
    return pytest.mark.skipif(folder(name) is None, reason=f"PUBLIC DATA MISSING: {name} (set EVENTSCOPE_TEST_DATA)")
