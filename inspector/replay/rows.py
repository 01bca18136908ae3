"""Rows of a table of states as they are printed, and as a window shows them. Pure.

Read `table` for where rows come from, `preview` for how values are cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.event import format_time
from inspector.query.places import StatePlace
from inspector.reducers import ABSENT
from inspector.replay import Moment, said
from inspector.replay.many import StreamState
from inspector.replay.preview import kind, preview

CELL_CHARACTERS = 200
_NOTHING = object()


def printed(found: StreamState, labels: Mapping[int, str], moment: Moment, places: Sequence[StatePlace] = ()) -> dict[str, object]:
    """The object that is printed of a row: its state, or only `fields` of it where places are given, null where nothing stands."""
    state = None if found.state is ABSENT else found.state
    shown: dict[str, object] = {"fields": {place.text: place.of(state) for place in places}} if places else {"state": state}
    return {
        "stream": found.stream.name,
        "category": found.stream.category,
        "source": found.stream.source,
        **shown,
        "version": found.version,
        "applied": found.applied,
        "skipped_aborted": found.skipped_aborted,
        "last": None if found.last is None else said(found.last, labels),
        "as_of": as_of(found, moment),
        "failed_at": None if found.failure is None else {**said(found.failure.event, labels), "reason": found.failure.reason},
        "deleted": found.is_deleted,
        "reducer": found.reducer,
        "history": found.history,
        "complete": found.is_complete,
    }


def printed_names(places: Sequence[StatePlace] = ()) -> list[str]:
    """The names in what is printed of a row."""
    head = ("stream", "category", "source", "fields" if places else "state", "version", "applied", "skipped_aborted")
    return [*head, "last", "as_of", "failed_at", "deleted", "reducer", "history", "complete"]


def as_of(found: StreamState, moment: Moment) -> str | None:
    """The time asked for, else that of the last event applied."""
    asked_us = moment.time_us if moment.time_us is not None else moment.known_us
    return format_time(asked_us if asked_us is not None else found.last.time_us if found.last is not None else None)


def shown(found: StreamState, labels: Mapping[int, str], places: Sequence[StatePlace]) -> dict[str, object]:
    """A row for a window, of bounded size: values as texts of at most `CELL_CHARACTERS` characters, with their kinds."""
    values = [place.of(found.state, _NOTHING) for place in places]
    cells = [{"kind": "absent", "text": ""} if value is _NOTHING else {"kind": kind(value), "text": cell(value)} for value in values]
    return {
        "id": found.stream.id,
        "stream": found.stream.name,
        "source": found.stream.source,
        "is": "deleted" if found.is_deleted else "there" if found.has_begun else "not begun",
        "kind": kind(found.state),
        "cells": cells,
        "version": found.version,
        "applied": found.applied,
        "skipped_aborted": found.skipped_aborted,
        "last": None if found.last is None else said(found.last, labels),
        "failed_at": None if found.failure is None else {**said(found.failure.event, labels), "reason": found.failure.reason},
        "reducer": found.reducer,
        "history": found.history,
        "complete": found.is_complete,
    }


def cell(value: object) -> str:
    """A value in few words: a text without its quotes, anything else as JSON."""
    text = value[: CELL_CHARACTERS + 1] if isinstance(value, str) else preview(value)
    return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"
