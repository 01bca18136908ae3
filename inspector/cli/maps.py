"""What the file of `--map` is: identity rules for logs, a format's descriptor, or the descriptor of a store's table.

Read `import_` for the command, `formats.descriptor` and `sources.sql_descriptor` for the two kinds of descriptors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import UsageError
from inspector.plain_files import read_text

if TYPE_CHECKING:
    from inspector.formats.descriptor import Descriptor
    from inspector.formats.wishes import Wishes
    from inspector.identify import Profile
    from inspector.sources.paths import Claimed


@dataclass(frozen=True, slots=True)
class Map:
    """A map that was read. All is empty without one."""

    profile: Profile | None = None
    formats: Sequence[Descriptor] = field(default=())
    """The format that it describes."""
    store: Path | None = None
    """Where it is, when it says how the columns of a store's table are events."""

    def for_stores(self, wishes: Wishes, claimed: Sequence[Claimed]) -> Wishes:
        """The wishes, and the descriptor for what sources of their own read. Raises UsageError when there is nothing like that."""
        if self.store is None:
            return wishes
        if not claimed:
            raise UsageError(f"{self.store} describes the table of a store, and there is no SQLite database among the files")
        named = {one.words: {**wishes.own.get(one.words, {}), "descriptor": str(self.store)} for one in claimed}
        return replace(wishes, own={**wishes.own, **named})


def read_map(path: Path | None) -> Map:
    """What is in the map at `path`. Raises UsageError with the place of a mistake."""
    from inspector.identify import load_profile

    if path is None:
        return Map()
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the map {path}: {error}") from None
    if _is_of_store(text):
        from inspector.sources.sql_descriptor import load

        load(path)
        return Map(store=path)
    return Map(load_profile(path), _formats(path, text))


def _is_of_store(text: str) -> bool:
    from inspector import toml_text

    try:
        return {"match", "event"} <= set(toml_text.loads(text))
    except ValueError:
        return False  # reading it as rules says where the mistake is


def _formats(path: Path, text: str) -> list[Descriptor]:
    """The format that a map describes, if it does."""
    from inspector import toml_text
    from inspector.formats.descriptor import is_descriptor, load
    from inspector.identify.rules import compile_table

    if not is_descriptor(text):
        return []
    one = load(path)
    try:
        compile_table({name: rule for name, rule in one.events.items() if name != "decoder"})
    except ValueError as error:
        raise UsageError(f"{path}, line {toml_text.line_of(text, f'[events] {error}')}: [events] {error}") from None
    return [one]
