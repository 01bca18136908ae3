"""Change events of Debezium: the row as it is after each change. Pure.

Takes the envelope, with or without its `schema`, and the flat form (`__op`, `__deleted`). A column that the database did not
send (the unavailable-value mark) keeps what it had. MongoDB's documents come as JSON text. Formats: Debezium's documentation,
"Data change events" of each connector. Read `latest` for plain documents.
"""

from __future__ import annotations

from inspector import values
from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldError, FoldEvent, Looks

UNAVAILABLE = "__debezium_unavailable_value"
"""What stands for a value that did not change and was too large to be sent."""
_GONE = ("d", "t")
_SAYS_NOTHING = ("m",)
MOST_STEPS = 1_000
"""A dotted name leads no deeper than a document may nest."""


class Debezium:
    """State = the row after the last change; none after it was deleted."""

    name = "debezium"
    looks_at = Looks.DOCUMENTS

    def initial(self) -> object:
        """Nothing yet."""
        return ABSENT

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The row after the last of `batch`."""
        for place, document in enumerate(batch.documents):
            state = _after(state, document, place)
        return state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """The row after one change."""
        return _after(state, document, 0)


def _after(state: object, document: object, place: int) -> object:
    if document is NO_DOCUMENT:
        return state
    if document is DELETED:
        return ABSENT
    if isinstance(document, dict) and isinstance(document.get("payload"), dict) and "schema" in document:
        document = document["payload"]
    if not isinstance(document, dict):
        raise FoldError(place, "its document is no change event")
    if "op" in document and ("after" in document or "before" in document or document["op"] in _SAYS_NOTHING + _GONE):
        return _enveloped(state, document, place)
    return _flat(state, document)


def _enveloped(state: object, change: dict[str, object], place: int) -> object:
    if change["op"] in _SAYS_NOTHING:
        return state
    if change["op"] in _GONE:
        return ABSENT
    after = _document(change.get("after"), place)
    if isinstance(after, dict):
        return _kept(state, after)
    described = change.get("updateDescription")
    if isinstance(described, dict):
        return _described(state, described, place)
    raise FoldError(place, f"a change {change['op']!r} without the row after it")


def _flat(state: object, row: dict[str, object]) -> object:
    """The flat form: the columns themselves, and what the connector added in names that begin with two underscores."""
    if str(row.get("__deleted", "")).lower() == "true" or row.get("__op") in _GONE:
        return ABSENT
    return _kept(state, {name: value for name, value in row.items() if not name.startswith("__")})


def _kept(state: object, row: dict[str, object]) -> dict[str, object]:
    """The row, with what it had before where a value is unavailable."""
    if isinstance(state, dict) and UNAVAILABLE in [value for value in row.values() if isinstance(value, str)]:
        return {name: state.get(name, value) if value == UNAVAILABLE else value for name, value in row.items()}
    return row


def _document(value: object, place: int) -> object:
    """MongoDB's documents are JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return values.parse_exactly(value)
    except ValueError as error:
        raise FoldError(place, f"its row is text that is no JSON: {error}") from None


def _described(state: object, change: dict[str, object], place: int) -> object:
    """MongoDB without the whole document: the fields that were set and those that were removed, by dotted names."""
    row = dict(state) if isinstance(state, dict) else {}
    updated = _document(change.get("updatedFields"), place)
    for name, value in updated.items() if isinstance(updated, dict) else ():
        _set(row, _steps(name, place), value)
    removed = change.get("removedFields")
    for name in removed if isinstance(removed, list) else ():
        _set(row, _steps(name, place), ABSENT)
    return row


def _steps(name: object, place: int) -> list[str]:
    steps = str(name).split(".")
    if len(steps) > MOST_STEPS:
        raise FoldError(place, f"a field {len(steps):,} levels deep: at most {MOST_STEPS:,} are followed")
    return steps


def _set(row: dict[str, object], steps: list[str], value: object) -> None:
    """Sets or removes (`ABSENT`) one field of a row that is ours; what lies on the way is copied."""
    here: dict[str, object] | list[object] = row
    for step in steps[:-1]:
        inner = here.get(step) if isinstance(here, dict) else _item(here, step)
        fresh: dict[str, object] | list[object] = inner.copy() if isinstance(inner, dict | list) else {}
        _put(here, step, fresh)
        here = fresh
    _put(here, steps[-1], value)


def _item(items: list[object], step: str) -> object:
    place = values.index_in(items, step)
    return None if place is None else items[place]


def _put(here: dict[str, object] | list[object], step: str, value: object) -> None:
    if isinstance(here, dict):
        if value is ABSENT:
            here.pop(step, None)
        else:
            here[step] = value
    elif (place := values.index_in(here, step)) is not None:
        here[place] = None if value is ABSENT else value
    elif step == str(len(here)) and value is not ABSENT:
        here.append(value)
