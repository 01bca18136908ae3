"""Which code of the user's own may run in the window: consents that name a file and the digest of what it is. A file of settings.

    if (asked := needed(Path("orders.py"))) is not None:     # show asked.path, asked.sha256, asked.size, asked.imports
        remember(asked)

A file that changed, or imports something else of its own folder, is asked about again. Read `sources` for the digest.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inspector.errors import UsageError
from inspector.settings import config_dir, write_private
from inspector.user_code import ConsentError
from inspector.user_code.sources import Sources, read_sources

log = logging.getLogger(__name__)
_FILE = "consents.json"
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user is asked to allow: `digest` covers the file, `imports` (path and SHA-256 of each) and `python_path`.

    `changed` is true when another content of the same file was allowed before.
    """

    path: str
    sha256: str
    size: int
    imports: tuple[tuple[str, str], ...]
    digest: str
    python_path: tuple[str, ...] = ()
    changed: bool = False

    def refusal(self) -> ConsentError:
        """The error of code that runs without it."""
        return ConsentError(
            self.path, self.sha256, self.size, self.imports, self.digest, python_path=self.python_path, changed=self.changed
        )


def needed(path: Path, python_path: Sequence[str] = ()) -> Consent | None:
    """What is to be asked before the file at `path` may run; None when it was allowed as it is. Raises UsageError: no such file."""
    return needed_for(read_sources(path, python_path))


def needed_for(sources: Sources) -> Consent | None:
    """The same for what was read of a file, which is what is run."""
    given = _given().get(str(sources.path))
    if isinstance(given, Mapping) and given.get("digest") == sources.digest:
        return None
    return consent_of(sources, changed=given is not None)


def consent_of(sources: Sources, *, changed: bool = False) -> Consent:
    """The consent that lets these sources run."""
    path, imports = str(sources.path), sources.imports
    return Consent(path, sources.sha256, sources.size, imports, sources.digest, sources.python_path, changed)


def remember(consent: Consent) -> None:
    """Allows it from now on. Raises UsageError when settings cannot be written."""
    given = _given()
    given.pop(consent.path, None)
    given[consent.path] = {
        "digest": consent.digest,
        "sha256": consent.sha256,
        "size": consent.size,
        "given": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    while len(given) > _MOST:
        del given[next(iter(given))]
    _write(given)


def forget(path: Path) -> None:
    """The file is asked about again. Raises UsageError when settings cannot be written."""
    given = _given()
    if given.pop(str(path.expanduser().absolute()), None) is not None:
        _write(given)


def _given() -> dict[str, Any]:
    """Absolute path → what was allowed, the oldest first; nothing where the file is damaged: all is asked again."""
    try:
        found = json.loads((config_dir() / _FILE).read_text(encoding="utf-8"))
        return dict(found["consents"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the consents that were given cannot be read, so all are asked again: %s", error)
        return {}


def _write(given: Mapping[str, Any]) -> None:
    try:
        write_private(config_dir() / _FILE, json.dumps({"format": 1, "consents": given}, indent=1))
    except OSError as error:
        raise UsageError(f"the consent cannot be kept: {error}") from error
