"""Opening a capture as it may be seen: with the masks that it brings along, unless they are taken off on purpose.

A capture made through a production connection keeps its rules, so that it is masked wherever it is opened. Read `hiding` for how.
"""

from __future__ import annotations

import json
from pathlib import Path

from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError, UsageError
from inspector.masks import Masks, parse


def rules_of(reader: CaptureReader) -> str:
    """The TOML of the rules a capture brings along; empty for none. Raises CaptureError."""
    rows = reader.select("SELECT settings FROM capture LIMIT 1")
    if not rows:
        raise CaptureError(f"{reader.path} has no identity row: it is damaged; use another copy")
    ((settings,),) = rows
    try:
        found = json.loads(settings or "{}").get("masks", "")
    except (ValueError, TypeError, AttributeError, RecursionError):
        found = ""
    return found if isinstance(found, str) else ""


def open_masked(path: Path, *, unmasked: bool = False, rules: str = "") -> CaptureReader:
    """A reader that hides what the capture's own rules say and what `rules` say besides; everything is clear when `unmasked`.

    Raises UsageError for `rules` that are wrong; CaptureError, also when the capture's own cannot be read: then only `unmasked`
    opens it.
    """
    added = parse(rules) if rules else None
    reader = CaptureReader(path)
    if unmasked:
        return reader
    try:
        text = rules_of(reader)
        masks = joined(parse(text) if text else None, added)
    except UsageError as error:
        reader.close()
        raise CaptureError(f"what {path} wants hidden cannot be understood ({error}); --unmasked opens it with everything clear") from error
    except CaptureError:
        reader.close()
        raise
    if masks is not None:
        reader.hide(masks)
    return reader


def joined(first: Masks | None, second: Masks | None) -> Masks | None:
    """What either hides."""
    if first is None or second is None:
        return first or second
    paths = dict.fromkeys((*first.paths, *second.paths))
    return Masks(f"{first.text}\n{second.text}", tuple(paths), (*first.patterns, *second.patterns))


def masks_of(path: Path) -> Masks | None:
    """The rules that a capture brings along. Raises CaptureError."""
    with open_masked(path) as reader:
        return reader.masks
