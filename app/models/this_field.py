"""What a field is said to be, tried on a capture: the rule as it would be written, and what it would do. For workers; no Qt.

Read `dialogs.this_field` for who asks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspector.capture.lock import writer_of
from inspector.capture.opening import is_read_only
from inspector.capture.reader import CaptureReader
from inspector.capture.rehearsal import Rehearsal, log_of, place_of, rehearse
from inspector.errors import CaptureError
from inspector.identify import editing, parse_profile
from inspector.identify.editing import Rule, Scope


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user says: the value at `place` is `field`, read with `options`; an empty place takes the rule away.

    `pattern` is one of the scopes offered; empty for the first of them.
    """

    field: str
    place: str
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What that would be. `before` is the rule there is, as TOML reads it; None for none. `obstacle` says why decoding cannot be now."""

    log: str
    scopes: tuple[Scope, ...]
    pattern: str
    rule: Rule | None
    before: Any
    rehearsal: Rehearsal
    obstacle: str = ""
    is_evidence: bool = False

    @property
    def has_before(self) -> bool:
        """Whether there is a rule for the field already."""
        return self.before is not None


def answer(reader: CaptureReader, seq: int, wanted: Wanted, file: Path) -> Answer:
    """Tries the rule. Raises UsageError for what cannot be a rule and for mistakes in the file, CaptureError when the event is gone."""
    text = editing.read(file)
    profile = parse_profile(text, str(file))
    found = log_of(reader, seq)
    if found is None:
        raise CaptureError(f"event #{seq:,} is no longer in the capture")
    log = found[0]
    offered = editing.scopes(text, log)
    scope = next((one for one in offered if one.pattern == wanted.pattern), offered[0])
    rule = Rule(place_of(reader, seq, wanted.place, profile), wanted.options) if wanted.place else None
    changed = editing.changed(text, log, wanted.field, rule, pattern=scope.pattern, file=str(file))
    rehearsal = rehearse(reader, seq, wanted.field, rule.place if rule is not None else "", parse_profile(changed, str(file)))
    is_evidence = is_read_only(reader.path)
    writer = writer_of(reader.path)
    obstacle = f"it is being written by {writer}" if writer is not None else ""
    return Answer(log, tuple(offered), scope.pattern, rule, scope.rules.get(wanted.field), rehearsal, obstacle, is_evidence)


def before_text(before: Any) -> str:
    """A rule that is there, on one line."""
    if isinstance(before, Mapping):
        options = ", ".join(f"{name} {text}" for name, text in before.items() if name != "from")
        return f"{before.get('from')} ({options})" if options else str(before.get("from"))
    if isinstance(before, list):
        return ", else ".join(before_text(one) for one in before) or "nowhere"
    return str(before)
