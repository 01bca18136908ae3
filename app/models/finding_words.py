"""What is said of findings, and the filters that name their events. Pure; no Qt, no I/O.

Read `inspector.checks` for what a finding is, `finding_table` for the rows, `panes.findings` for their use.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.navigator_content import literal
from inspector.capture.findings import Findings, Kept
from inspector.event import MAX_TIME_US, MIN_TIME_US
from inspector.text import shortened, visible

SIGNS = {"error": "✕", "warning": "!", "info": "·"}
TONES = {"error": "bad", "warning": "warn", "info": "dim"}
_RANK = {"error": 0, "warning": 1, "info": 2}
_LARGEST = (1 << 63) - 1
_MOST_CHARACTERS = 4_000
_MOST_SEQS = 20


def severity_words(one: Kept) -> str:
    """How much it matters, with its sign: never told by colour alone."""
    return f"{SIGNS.get(one.severity, '?')} {one.severity}"


def by_severity(findings: Sequence[Kept]) -> list[Kept]:
    """Errors first, then warnings; else as they were found."""
    return sorted(findings, key=lambda one: _RANK.get(one.severity, 3))


def matching(findings: Sequence[Kept], text: str) -> list[Kept]:
    """Those that hold every word of `text` in what is said of them, whatever the case."""
    words = text.casefold().split()
    if not words:
        return list(findings)
    return [one for one in findings if all(word in _searched(one) for word in words)]


def _searched(one: Kept) -> str:
    return f"{one.severity} {one.rule} {one.text} {place_words(one)}".casefold()


def place_words(one: Kept) -> str:
    """Its log, partition and positions; empty when it is about all of them."""
    log = one.log if one.partition is None else f"{one.log}/{one.partition}"
    if one.first is None or one.last is None:
        return log
    span = f"{one.first:,}" if one.first == one.last else f"{one.first:,}–{one.last:,}"
    return f"{log} · {span}" if log else f"position {span}"


def short_text(one: Kept) -> str:
    """Its sentence without the log that it begins with: a list says where it is in a column of its own."""
    for label in (f"{one.log}/{one.partition}: ", f"{one.log}: "):
        if one.log and one.text.startswith(label):
            return one.text.removeprefix(label)
    return one.text


def own_filter(one: Kept) -> str:
    """The filter that names its events one by one; empty when it names none."""
    seqs = [seq for seq in dict.fromkeys(one.events) if 0 < seq <= _LARGEST][:_MOST_SEQS]
    if len(seqs) == 1:
        return f"seq == {seqs[0]}"
    return f"seq in [{', '.join(map(str, seqs))}]" if seqs else ""


def place_filter(one: Kept) -> str:
    """The filter of the positions that it spans; empty when it has no place in one partition."""
    if not one.log or one.partition is None or one.first is None or one.last is None:
        return ""
    if not 0 <= one.first <= one.last <= _LARGEST or not 0 <= one.partition <= _LARGEST:
        return ""
    place = f"log == {literal(one.log)} && partition == {one.partition}"
    if one.first == one.last:
        return f"{place} && position == {one.first}"
    return f"{place} && position >= {one.first} && position <= {one.last}"


def events_words(one: Kept) -> str:
    """What its own filter shows: all its events, or those that it names."""
    named = len(set(one.events))
    if named >= one.count:
        return "Show its event" if named == 1 else "Show its events"
    return "Show the event it names" if named == 1 else f"Show the {named:,} events it names"


def details(one: Kept, zone: tzinfo) -> str:
    """Everything about it, in paragraphs."""
    head = f"{severity_words(one)} · {one.rule}"
    if MIN_TIME_US < one.made_us < MAX_TIME_US:
        head += f" · found {minute(one.made_us, zone)}"
    about = " · ".join(part for part in (place_words(one), _counted(one)) if part)
    said = [one.text, about, _sentence("Assumes that", one.assumption), _sentence("Could be legal because", one.legal_because)]
    return "\n\n".join(visible(shortened(part, _MOST_CHARACTERS)) for part in [head, *said] if part)


def copied(one: Kept) -> str:
    """What is copied of it, as it was written: lines for a message or a ticket."""
    lines = [f"{one.severity}: {one.text}", place_words(one), _named(one)]
    lines += [_sentence("Assumes that", one.assumption), _sentence("Could be legal because", one.legal_because)]
    return "\n".join(line for line in lines if line)


def command(one: Kept, path: Path) -> str:
    """The command that finds it again."""
    return shlex.join(["eventscope", "check", str(path), "--rule", one.rule])


def minute(time_us: int, zone: tzinfo) -> str:
    """A moment to the minute, with its zone."""
    return f"{shown_time(time_us, zone)[:16]} {zone_name(zone)}"


def summary(found: Findings, zone: tzinfo, events: int) -> str:
    """How many of each severity, by how many checks, and when; `events` is what the capture holds now."""
    counts = [(name, sum(one.severity == name for one in found.findings)) for name in _RANK]
    said = ", ".join(f"{count:,} {_many(name, count)}" for name, count in counts if count) or "nothing found"
    made = made_us(found)
    parts = [said, f"checked {minute(made, zone)}" if made else "came with the capture"]
    return " · ".join([*parts, *stale_words(found, events)])


def stale_words(found: Findings, events: int) -> list[str]:
    """What is to be known of findings that are not of all there is: nothing when they are."""
    said = []
    if halves := [name for name, run in found.rules.items() if isinstance(run, Mapping) and run.get("is_whole") is False]:
        said.append(f"{visible(shortened(halves[0], 40))} was stopped: not whole")
    looked = looked_at(found)
    if looked is not None and looked != events:
        said.append(f"of {looked:,} events then, {events:,} now")
    return said


def nothing_words(found: Findings, zone: tzinfo) -> tuple[str, str]:
    """A sentence and a hint for when checks looked and found nothing: who looked, at what, when."""
    checks, looked, made = len(found.rules), looked_at(found), made_us(found)
    at = f"at {looked:,} event{'' if looked == 1 else 's'}" if looked is not None else "at this capture"
    when = f" on {minute(made, zone)}" if made else ""
    sentence = f"{checks:,} check{'' if checks == 1 else 's'} looked {at}{when} and found nothing."
    return sentence, "That is no proof that nothing is wrong: checks find only what they look for."


def made_us(found: Findings) -> int:
    """When checks were last run, in microseconds; 0 when that is not known."""
    times = [_number(run, "made_us") for run in found.rules.values()] + [one.made_us for one in found.findings]
    return max((time for time in times if time is not None and MIN_TIME_US < time < MAX_TIME_US), default=0)


def looked_at(found: Findings) -> int | None:
    """The least number of events that the capture had when one of the checks was run; None when that is not known."""
    numbers = [number for run in found.rules.values() if (number := _number(run, "events")) is not None]
    return min(numbers, default=None)


def _number(run: Any, name: str) -> int | None:
    value = run.get(name) if isinstance(run, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _many(name: str, count: int) -> str:
    return name if name == "info" or count == 1 else f"{name}s"


def _counted(one: Kept) -> str:
    return " · ".join([f"count {one.count:,}", *([_named(one)] if one.events else [])])


def _named(one: Kept) -> str:
    if not one.events:
        return ""
    seqs = ", ".join(str(seq) for seq in one.events[:_MOST_SEQS])
    return f"event{'' if len(one.events) == 1 else 's'} {seqs}{' …' if one.count > len(one.events) else ''}"


def _sentence(start: str, rest: str) -> str:
    return f"{start} {rest.rstrip('.')}." if rest else ""
