"""Which format a file is in: every format is asked about its beginning, and the best answer comes first. Reads nothing itself.

Read `formats` for what a guess is, `sources.files` for who reads by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from inspector import plugins
from inspector.errors import UsageError
from inspector.formats import Format, Guess, Sample, library
from inspector.formats.descriptor import Descriptor
from inspector.formats.generic import WITH_OFFSETS, WITHOUT_OFFSETS

TAKEN = 0.5
"""A guess with a higher score is taken without asking."""


ASSUMED = "It does not say which partition a row is of: partition 0 is assumed."


@dataclass(frozen=True, slots=True)
class Choice:
    """A format and how it would read a file."""

    format: Format
    guess: Guess

    @property
    def title(self) -> str:
        """What it is called."""
        return self.guess.title or self.format.title

    @property
    def loses(self) -> str:
        """What such a file cannot tell."""
        said = self.guess.loses or self.format.loses
        has = self._fields()
        assumes = "position" in has and "partition" not in has and ("log" in has or not self.guess.variant)
        return f"{said} {ASSUMED}".strip() if assumes else said

    def _fields(self) -> set[str]:
        """The fields of records that some place is said for."""
        fields = self.guess.settings.get("fields")
        return {str(name) for name, place in fields.items() if place} if isinstance(fields, Mapping) else set()

    @property
    def proves(self) -> str:
        """What an import of it can and cannot prove."""
        if self.guess.proves or self.format.proves != WITHOUT_OFFSETS:
            return self.guess.proves or self.format.proves
        return WITH_OFFSETS if "position" in self._fields() else WITHOUT_OFFSETS

    @property
    def name(self) -> str:
        """What `--format` calls it."""
        return self.guess.variant or self.format.name


@cache
def formats() -> tuple[Format, ...]:
    """All formats, one object each."""
    return tuple(format_named(name) for name in plugins.names("formats"))


@cache
def format_named(name: str) -> Format:
    """The format of that name. Raises UsageError for an unknown one."""
    try:
        made = plugins.load("formats", name)
    except LookupError:
        raise UsageError(f"no format named {name!r}; known: {', '.join(known_names())}") from None
    assert callable(made)
    found: Format = made()
    return found


def choices(sample: Sample) -> list[Choice]:
    """How a file that begins so may be read, best first; empty where no format fits."""
    found = [Choice(one, guess) for one in formats() for guess in one.guesses(sample)]
    return sorted(found, key=lambda choice: -choice.guess.score)


def chosen(sample: Sample, wanted: str = "") -> Choice | None:
    """The best one, or the one named `wanted` with what it found out of the sample; None where nothing fits well enough.

    Raises UsageError when no format is named so.
    """
    found = choices(sample)
    if not wanted:
        return found[0] if found and found[0].guess.score > TAKEN else None
    fitting = [choice for choice in found if wanted in {choice.name, choice.format.name}]
    return fitting[0] if fitting else _asked(wanted, sample.descriptors)


def _asked(wanted: str, descriptors: Sequence[Descriptor]) -> Choice:
    """The format or descriptor of that name for a file that it does not seem to fit."""
    one = None if wanted in plugins.names("formats") else library.named(wanted, descriptors)
    if one is None:
        return Choice(format_named(wanted), Guess(0.0, "as asked"))
    guess = Guess(0.0, "as asked", one.settings(), variant=one.name, title=one.title, loses=one.loses, proves=one.proves)
    return Choice(format_named(one.readers[0]), guess)


def known_names() -> Sequence[str]:
    """The names that `--format` takes: of formats, and of the descriptors that some of them read by."""
    return [*plugins.names("formats"), *(one.name for one in (*library.users(), *library.built_in()))]
