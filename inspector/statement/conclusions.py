"""What can be concluded from a capture and what cannot, as sentences. Pure: knows a statement and nothing else.

Nothing is claimed here that a number of the statement does not prove. Read `inspector.statement` for the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from inspector.capture.coverage import UNDECIDED
from inspector.capture.report import LogReport
from inspector.statement import Statement

_ALWAYS = (
    "What a source removed before it was read is a hole at most; at the end of a log it leaves none.",
    "Times are what producers, brokers and stores wrote: no clock was compared with another.",
)
_ISOLATIONS = {"committed": "are not here", UNDECIDED: "may be among the events"}
_FEW = 4
_KAFKA = {"kafka", "kafka-log"}
_MOST_EACH = 12
"""So many sentences of one kind: a capture of a thousand logs has one page too."""


def can(said: Statement) -> list[str]:
    """What the capture proves."""
    return list(islice(dict.fromkeys(_proved(said)), _MOST_EACH))


def cannot(said: Statement) -> list[str]:
    """What it does not prove."""
    parts = (_of_scope, _of_files, _of_logs, _of_values, _of_checks)
    sentences = [sentence for part in parts for sentence in islice(dict.fromkeys(part(said)), _MOST_EACH)]
    return [*sentences, *_ALWAYS]


def _proved(said: Statement) -> Iterator[str]:
    scope = said.info["scope"]
    is_kept = said.info["unmasked"] and not said.flags.get("oversize")
    yield f"These {said.info['events']:,} events were read from the sources named here" + (
        ", and their bytes are kept as read." if is_kept else "."
    )
    if scope["asked"]:
        how = "every one was read" if scope["complete"] else f"{scope['read']:,} were read"
        yield f"{scope['asked']:,} positions were asked for; {how}."
    if said.sha256 is not None:
        yield "The hash of the capture's file says whether it is still the one that this page is about."
    whole = sum(one["is_whole"] and not one["gaps"] for one in said.info["inputs"])
    if whole:
        yield f"{_of(whole, 'file was', 'files were')} read to the end, unchanged meanwhile; the hashes say which bytes that were."
    for one in said.info["inputs"]:
        if one["proves"]:
            yield _named(one["format"], one["proves"])


def _of_scope(said: Statement) -> Iterator[str]:
    scope = said.info["scope"]
    for reason, count in scope["absent"].items():
        yield f"{_of(count, 'position is', 'positions are')} not here ({reason}): what they held is not known from this capture."
    if said.info["events"] and not scope["stopped"]:
        yield "The last run has not ended, or was killed: what it had not stored by then is not here."
    if said.sha256 is None:
        yield "The capture is still written to, or was not closed: this page is about one moment of it."
    if conflicts := said.info["conflicts"]:
        yield f"{_of(conflicts, 'record was', 'records were')} read again with other bytes: which reading is right is not known."


def _of_files(said: Statement) -> Iterator[str]:
    inputs = said.info["inputs"]
    if partly := sum(not one["is_whole"] or bool(one["gaps"]) for one in inputs):
        yield f"{_of(partly, 'file was', 'files were')} not read whole: what stands in the rest is not known."
    for one in inputs:
        if one["loses"]:
            yield _named(one["format"], one["loses"])


def _of_logs(said: Statement) -> Iterator[str]:
    reports = [account.report for account in said.logs]
    if rows := _names(one for one in reports if one.has_row_numbers):
        yield f"Positions of {rows} are row numbers of a file: rows that were never in it leave no trace."
    kafka = {source["id"] for source in said.info["sources"] if source["kind"] in _KAFKA}
    for isolation, means in _ISOLATIONS.items():
        if names := _names(one for one in reports if one.source_id in kafka and isolation in _isolations(one)):
            yield f"Read with isolation {isolation}: {names}; records of aborted transactions {means}."
    for source in said.info["sources"]:
        if isinstance(mapping := source["attributes"].get("mapping"), str):
            yield f"{source['uri']} was read with an {mapping}: what columns mean was not tried on the real package."


def _isolations(report: LogReport) -> set[str]:
    """How the parts of it that hold records were read."""
    return {str(one.get("isolation") or "") for one in report.coverage if one["state"] != "absent" and one["records"]}


def _names(reports: Iterable[LogReport]) -> str:
    """Which partitions: by name when there are few."""
    names = [f"{one.log}/{one.partition}" for one in reports]
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{len(names):,} partitions ({names[0]} to {names[-1]})"


def _of_values(said: Statement) -> Iterator[str]:
    if not said.info["unmasked"]:
        yield "Values were not kept, or not all: what events said cannot be looked up."
    flags: Mapping[str, int] = said.flags
    for name, means in (
        ("oversize", "cut, their hash is kept"),
        ("damaged", "damaged"),
        ("undecodable", "undecodable: their bytes are kept"),
    ):
        if count := flags.get(name):
            yield f"{_of(count, 'record is', 'records are')} {means}."


def _of_checks(said: Statement) -> Iterator[str]:
    rules = said.findings.rules
    if not rules and not said.findings.findings:
        yield "No checks were run (eventscope check): nothing is said of gaps, duplicates and other faults."
    halves = [name for name, run in rules.items() if isinstance(run, Mapping) and run.get("is_whole") is False]
    if halves:
        yield f"{', '.join(halves[:10])}: stopped before its end."
    if rules:
        yield "Checks find only what they look for, on the assumptions named; a finding may be legal for the reason beside it."


def _named(format_: str, sentence: str) -> str:
    return sentence if sentence.startswith(format_) else f"{format_}: {sentence}"


def _of(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
