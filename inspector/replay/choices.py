"""Which reducer the user chose last for a category of a source: by their names, in the user's settings, never in a capture.

Read the package for who asks, `suggesting` for what the data suggests.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspector import plugins
from inspector.errors import UsageError
from inspector.settings import config_dir, write_private
from inspector.user_code import is_code, split

log = logging.getLogger(__name__)
DEFAULT = "default"
"""Written for the reducer that would be taken if none had been chosen."""
_FILE = "reducers.json"
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A reducer as it is written (`merge`, `/home/ann/rules.toml`, `/home/ann/shop.py:Order`); `python_path` goes with code."""

    reducer: str
    python_path: tuple[str, ...] = ()


def chosen(source: str, category: str) -> Choice | None:
    """What was chosen for a category of the source at an address; None when nothing was."""
    found = _all().get(_key(source, category))
    if not isinstance(found, Mapping) or not isinstance(found.get("reducer"), str):
        return None
    folders = found.get("python_path")
    return Choice(found["reducer"], tuple(str(folder) for folder in folders) if isinstance(folders, list) else ())


def choose(source: str, category: str, choice: Choice) -> None:
    """Remembers it; `default` forgets. Files are kept with their whole paths.

    Raises UsageError for a reducer that is not there, or when settings cannot be written.
    """
    kept = _all()
    kept.pop(_key(source, category), None)
    if choice.reducer != DEFAULT:
        folders = [str(Path(folder).expanduser().absolute()) for folder in choice.python_path]
        kept[_key(source, category)] = {"reducer": _whole(choice.reducer), "python_path": folders}
    while len(kept) > _MOST:
        del kept[next(iter(kept))]
    try:
        write_private(config_dir() / _FILE, json.dumps({"format": 1, "reducers": kept}, indent=1))
    except OSError as error:
        raise UsageError(f"the choice cannot be kept: {error}") from error


def _whole(reducer: str) -> str:
    if is_code(reducer):
        path, attribute = split(reducer)
        return f"{_there(path)}:{attribute}" if attribute else _there(path)
    if reducer.endswith(".toml"):
        return _there(Path(reducer))
    if reducer not in plugins.names("reducers"):
        raise UsageError(f"there is no reducer {reducer!r}; known: {', '.join(plugins.names('reducers'))}, FILE.toml, FILE.py")
    return reducer


def _there(path: Path) -> str:
    path = path.expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"there is no reducer file {path}")
    return str(path)


def _key(source: str, category: str) -> str:
    return json.dumps([source, category])


def _all() -> dict[str, Any]:
    try:
        return dict(json.loads((config_dir() / _FILE).read_text(encoding="utf-8"))["reducers"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the reducers that were chosen cannot be read, so none counts: %s", error)
        return {}
