"""What can and what cannot be concluded from a capture, in sentences. Pure; no I/O, no HTML.

A sentence under "can" is what the account says; whatever is not shown by it stands under "cannot". Read `coverage_page` for the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inspector.capture.findings import Findings
from inspector.event import Flag

CAN, CANNOT = "What can be concluded", "What cannot be concluded"


def conclusions(
    said: Mapping[str, Any], inputs: Sequence[Mapping[str, Any]], flags: Mapping[str, int], found: Findings
) -> list[tuple[str, list[str]]]:
    """Two lists of sentences, each under its title; `said` is the object of `eventscope info`."""
    can = [*_read(said), *_proved(inputs), *_looked(found, said)]
    cannot = [*_absent(said), *_lost(inputs), *_unread(flags), *_not_looked(found)]
    return [(CAN, can), (CANNOT, [*cannot, "Whether what the source held was right: only what it held was read."])]


def _read(said: Mapping[str, Any]) -> list[str]:
    scope = said["scope"]
    lines = [f"{scope['read']:,} of {scope['asked']:,} positions that were asked for were read; {said['events']:,} events are held."]
    if scope["complete"]:
        lines.append("Everything that was asked for was read in full.")
    return lines


def _proved(inputs: Sequence[Mapping[str, Any]]) -> list[str]:
    whole = sum(bool(one["is_whole"]) for one in inputs)
    lines = (
        [f"{whole:,} of {len(inputs):,} files were read to their end; each is the one that has the SHA-256 noted here."] if inputs else []
    )
    return lines + list(dict.fromkeys(_sentence(one["proves"]) for one in inputs if one["proves"]))


def _looked(found: Findings, said: Mapping[str, Any]) -> list[str]:
    whole = [name for name, run in found.rules.items() if not (isinstance(run, Mapping) and run.get("is_whole") is False)]
    quiet = [name for name in whole if all(one.rule != name for one in found.findings)]
    now = [name for name in quiet if isinstance(run := found.rules[name], Mapping) and run.get("events") == said["events"]]
    return [f"These checks looked at all events and found nothing: {', '.join(now)}."] if now else []


def _absent(said: Mapping[str, Any]) -> list[str]:
    scope = said["scope"]
    lines = [f"What stood at {count:,} positions that were asked for: {reason}." for reason, count in scope["absent"].items()]
    if not scope["complete"] and not lines:
        lines.append("Whether all was read: the account of what was asked for has no end, or does not add up to it.")
    if not scope["stopped"]:
        lines.append("What is still to come: the last run goes on, or was killed.")
    if said["conflicts"]:
        lines.append(f"Which bytes were right at {said['conflicts']:,} positions that were read twice and differed.")
    return lines


def _lost(inputs: Sequence[Mapping[str, Any]]) -> list[str]:
    halves = [f"What stands in the rest of {one['name']}: it was not read to its end." for one in inputs if not one["is_whole"]]
    return halves[:20] + list(dict.fromkeys(_sentence(one["loses"]) for one in inputs if one["loses"]))


def _unread(flags: Mapping[str, int]) -> list[str]:
    damaged, undecodable = flags.get(str(Flag.damaged.name), 0), flags.get(str(Flag.undecodable.name), 0)
    lines = [f"What {undecodable:,} value{_s(undecodable)} said: no decoder read them."] if undecodable else []
    return lines + ([f"What {damaged:,} damaged record{_s(damaged)} held."] if damaged else [])


def _not_looked(found: Findings) -> list[str]:
    if not found.rules:
        return ["Whether there are gaps, duplicates or other faults: no checks were run here."]
    halves = [name for name, run in found.rules.items() if isinstance(run, Mapping) and run.get("is_whole") is False]
    lines = [f"Whether there is more of what these checks look for, as they were stopped: {', '.join(halves)}."] if halves else []
    open_ = sum(one.severity != "info" for one in found.findings)
    if open_:
        lines.append(
            f"Whether {open_:,} finding{_s(open_)} below {'is a fault' if open_ == 1 else 'are faults'}: each says when it could be legal."
        )
    return lines


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _sentence(text: object) -> str:
    said = str(text).strip().rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."
