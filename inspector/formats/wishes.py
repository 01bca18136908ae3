"""What the user wants of the reading of files: other formats than those recognised, and settings of them. Pure.

A wish holds for all files, or only for those that are recognised as one format (`NAME:` before it), so that a folder of several
kinds can be read in one go, also files that nobody looked at yet. Read `recognise` for the choice, `cli.import_` for the options.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from inspector import plugins
from inspector.errors import UsageError
from inspector.formats import Format, Sample, Settings, known_settings, library, merged
from inspector.formats.descriptor import Descriptor
from inspector.formats.recognise import Choice, chosen, known_names

UNKNOWN = "unknown"
"""What files are recognised as that no format fits."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """`wanted` and `settings` hold for all files, `instead` and `own` for those recognised as the format they are kept under."""

    wanted: str = ""
    settings: Settings = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, Settings] = field(default_factory=dict)
    remembers: bool = False
    """Whether what is said here holds for later files with the same columns too."""

    def concern(self, recognised: str) -> bool:
        """Whether anything was said of files that are recognised so."""
        return bool(self.settings or self.wanted or recognised in self.instead or self.own.get(recognised))

    def choice(self, sample: Sample) -> tuple[str, Choice | None]:
        """What a file that begins so is recognised as, and how it is read; None where nothing fits. Raises UsageError as `chosen`."""
        found = chosen(sample, self.wanted)
        recognised = found.name if found is not None else UNKNOWN
        if other := self.instead.get(recognised):
            found = chosen(sample, other)
        return recognised, None if found is None else self.applied(found, recognised)

    def applied(self, choice: Choice, recognised: str = "") -> Choice:
        """The choice with the settings that were given; what they answer is no question any more."""
        settings = merged(merged(choice.guess.settings, self.settings), self.own.get(recognised or choice.name, {}))
        questions = [one for one in choice.guess.questions if not settings.get(one)]
        return replace(choice, guess=replace(choice.guess, settings=settings, questions=questions))

    def config_of(self, words: str) -> dict[str, str]:
        """What is said to a source that reads a path of its own, which it calls `words`: settings for all, and those for it."""
        return {name: str(value) for name, value in merged(self.settings, self.own.get(words, {})).items()}

    def check(self, descriptors: Sequence[Descriptor] = ()) -> None:
        """Raises UsageError for a format that nobody knows, nor any of the descriptors, and for a setting that none of them has."""
        for name in filter(None, (self.wanted, *self.instead.values())):
            self._named(name, descriptors)
        taken = known_settings.of_format(self._named(self.wanted, descriptors)) if self.wanted else known_settings.of_any()
        known_settings.check(self.settings, taken, f" of {self.wanted}" if self.wanted else "")
        for recognised, own in self.own.items():
            name = self.instead.get(recognised, recognised)
            is_format = name in plugins.names("formats") or library.named(name, descriptors) is not None
            taken = known_settings.of_format(self._named(name, descriptors)) if is_format else known_settings.of_any()
            known_settings.check(own, taken, f" of {name}" if is_format else "")

    def check_kinds(self, stores: Iterable[str], descriptors: Sequence[Descriptor] = ()) -> None:
        """Raises UsageError for a wish for files of a kind that there is not: neither a format nor one of `stores`."""
        known = [*known_names(), *(one.name for one in descriptors), *stores, UNKNOWN]
        for kind in (*self.instead, *self.own):
            if kind not in known:
                raise UsageError(f"there is no format {kind!r}, which a wish names; {known_settings.listed(kind, known)}")

    @staticmethod
    def _named(name: str, descriptors: Sequence[Descriptor]) -> Format:
        found = chosen(Sample("", b"", is_whole=True, descriptors=tuple(descriptors)), name)
        assert found is not None
        return found.format

    def unused(self, choice: Choice) -> list[str]:
        """The settings for all files that are of no use to one that is read so."""
        return known_settings.unused({name: value for name, value in self.settings.items() if name not in known_settings.COMMON}, choice)


def wishes(formats: Iterable[str], settings: Iterable[tuple[str, object]]) -> Wishes:
    """Those of `--format NAME`, `--format RECOGNISED:NAME`, `--set KEY=VALUE` and `--set RECOGNISED:KEY=VALUE`.

    Raises UsageError for two formats for all files.
    """
    wanted, instead = "", {}
    for text in formats:
        recognised, colon, name = text.rpartition(":")
        if colon:
            instead[recognised] = name
        elif wanted:
            raise UsageError(f"two formats for all files, {wanted} and {name}: write RECOGNISED:NAME for files of one kind")
        else:
            wanted = name
    every: dict[str, object] = {}
    own: dict[str, dict[str, object]] = {}
    for key, value in settings:
        recognised, colon, name = key.rpartition(":")
        (own.setdefault(recognised, {}) if colon else every)[name] = value
    return Wishes(wanted, every, instead, own)


def options(given: Wishes) -> Sequence[str]:
    """The same as options of `eventscope import`."""
    formats = [*([given.wanted] if given.wanted else []), *(f"{known}:{name}" for known, name in given.instead.items())]
    pairs = [*given.settings.items(), *((f"{known}:{key}", value) for known, own in given.own.items() for key, value in own.items())]
    return [*(f"--format={name}" for name in formats), *(f"--set={key}={value}" for key, value in pairs)]
