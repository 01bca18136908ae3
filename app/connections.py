"""Connections that are kept: where to, how, and when last; a file for their owner alone that never holds a secret. No widget.

What is secret goes to the system keyring (see `app.keyring`); here are only the names of such properties.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from inspector.properties import is_secret
from inspector.settings import data_dir

log = logging.getLogger(__name__)
_FILE = "connections.json"
_MOST = 500
KINDS = ("kafka", "store", "file")
MODEL = "model"
"""The kind of a read model, which is compared and not captured from: no recent connection."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One place to connect to. `address` is bootstrap servers, a store's URL or a file's path; `settings` holds no secret."""

    name: str
    kind: str
    address: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Names of the properties whose values are secret: in the keyring, or asked for."""
    production: bool = False
    profile: str = ""
    """The profile of the window that captures from here are looked at with at first; empty for none."""
    used_us: int = 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def url(self) -> str:
        """The address as `eventscope capture` takes it."""
        return f"kafka://{self.address}" if self.kind == "kafka" else self.address


class Connections:
    """The kept connections, newest use first. Raises OSError where the file cannot be written."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data_dir() / _FILE
        self._all = _read(self.path)

    def recent(self) -> list[Connection]:
        """All that are captured from, the one used last first."""
        return [one for one in self._newest() if one.kind != MODEL]

    def _newest(self) -> list[Connection]:
        return sorted(self._all.values(), key=lambda one: -one.used_us)

    def keep(self, connection: Connection) -> Connection:
        """Keeps a connection as used now, in place of the one of the same id; what is kept is given back, without secrets."""
        settings = {name: value for name, value in connection.settings.items() if not is_secret(name)}
        kept = replace(connection, settings=settings, used_us=time.time_ns() // 1000)
        self._all[kept.id] = kept
        for old in self._newest()[_MOST:]:
            del self._all[old.id]
        self._write()
        return kept

    def same_place(self, kind: str, address: str) -> Connection | None:
        """The kept connection to this place, if there is one."""
        return next((one for one in self._newest() if (one.kind, one.address) == (kind, address)), None)

    def forget(self, connection: Connection) -> None:
        """Keeps it no longer."""
        if self._all.pop(connection.id, None) is not None:
            self._write()

    def _write(self) -> None:
        """Writes a new file beside the old one, readable by its owner only from the first byte, and puts it in its place."""
        text = json.dumps({"version": 1, "connections": [asdict(one) for one in self._newest()]}, indent=1)
        handle, name = tempfile.mkstemp(prefix=_FILE, dir=self.path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(self.path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _read(path: Path) -> dict[str, Connection]:
    """What the file holds; entries that are not what we wrote are left out."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("the kept connections in %s cannot be read: %s", path, error)
        return {}
    entries = told.get("connections") if isinstance(told, dict) else None
    found = [_entry(entry) for entry in entries] if isinstance(entries, list) else []
    return {one.id: one for one in found if one is not None}


def _entry(entry: Any) -> Connection | None:
    if not isinstance(entry, dict) or entry.get("kind") not in {*KINDS, MODEL}:
        return None
    texts = [entry.get(name) for name in ("name", "address", "id")]
    profile = entry.get("profile", "")
    settings, secrets, used_us = entry.get("settings"), entry.get("secrets"), entry.get("used_us")
    if not (all(isinstance(text, str) for text in texts) and isinstance(settings, dict) and isinstance(secrets, list)):
        return None
    return Connection(
        name=str(texts[0]),
        kind=str(entry["kind"]),
        address=str(texts[1]),
        settings={str(name): str(value) for name, value in settings.items() if not is_secret(str(name))},
        secrets=tuple(map(str, secrets)),
        production=entry.get("production") is True,
        profile=profile if isinstance(profile, str) else "",
        used_us=used_us if isinstance(used_us, int) else 0,
        id=str(texts[2]),
    )
