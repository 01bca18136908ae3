"""A projection as the texts of a form, and back: what is wrong is told with the field that it stands in. Pure.

Several places of which the first that is there counts, and several alarms, are written with `or` between them. Read `spec` for what
a projection is, `writing` for its file, `app.dialogs.projection` for the form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from inspector.errors import UsageError
from inspector.projections.spec import (
    LONGEST_NAME,
    MOST_LABELS,
    MOST_MEASURES,
    WITHOUT_PLACE,
    Label,
    Projection,
    is_name,
    of_document,
    places_of,
)
from inspector.projections.writing import written
from inspector.times import span_text

_OR = re.compile(r"\s+or\s+(?=(?:[^\"\\]|\\.|\"(?:[^\"\\]|\\.)*\")*\Z)")
_UNNAMED = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What groups are told apart by; without a label it has a plain one, see `label_name`."""

    place: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One number of each group; without a name it has a plain one, see `measure_name`."""

    operation: str = "count"
    place: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the form; `model` is kept as the file has it."""

    name: str = ""
    title: str = ""
    unit: str = ""
    filter: str = ""
    labels: Sequence[LabelRow] = ()
    measures: Sequence[MeasureRow] = (MeasureRow(),)
    window: str = ""
    clock: str = "time"
    alarm: str = ""
    include_aborted: bool = False
    model: Mapping[str, object] = field(default_factory=dict)


class FormError(UsageError):
    """What is wrong: `part` is the field of `Form`, `row` which of its rows, from zero."""

    def __init__(self, part: str, sentence: str, row: int = 0) -> None:
        super().__init__(sentence)
        self.part, self.row = part, row


def form_of(projection: Projection) -> Form:
    """The texts that say the same."""
    return Form(
        projection.name,
        projection.title,
        projection.unit,
        projection.filter,
        tuple(_label_row(label) for label in projection.labels),
        tuple(MeasureRow(one.operation, " or ".join(one.places), one.name) for one in projection.measures),
        "" if projection.window_us is None else span_text(projection.window_us),
        projection.clock,
        " or ".join(alarm.text for alarm in projection.alarms),
        projection.include_aborted,
        projection.model,
    )


def _label_row(label: Label) -> LabelRow:
    row = LabelRow(" or ".join(label.places))
    return row if label_name(row) == label.name else replace(row, label=label.name)


def label_name(row: LabelRow) -> str:
    """What is shown of a group that has no label of its own: `sku` for `data.sku`."""
    place = _OR.split(row.place.strip())[0]
    return _UNNAMED.sub("_", place.rpartition(".")[2]).strip("_-") or place


def measure_name(row: MeasureRow) -> str:
    """What a measure is called that has no name of its own: `sum_amount` for the sum of `data.amount`, `events` for their count."""
    place = _OR.split(row.place.strip())[0]
    if not place:
        return "events" if row.operation == "count" else row.operation
    words = _UNNAMED.sub("_", place.rpartition(".")[2]).strip("_-")
    return f"{row.operation}_{words}" if words else row.operation


def projection_of(form: Form) -> Projection:
    """The projection that the texts say, as its file will be read. Raises FormError for the first thing that is wrong.

    Raises UsageError for a `model` that no form can write.
    """
    if not form.name.strip():
        raise FormError("name", "how is it called? One word, such as revenue")
    if not is_name(form.name.strip()):
        raise FormError(
            "name",
            f"one word of letters, digits, - and _ that begins with a letter, at most {LONGEST_NAME} characters, and none of a device",
        )
    document: dict[str, object] = {
        "name": form.name.strip(),
        "title": form.title.strip(),
        "unit": form.unit.strip(),
        "filter": form.filter.strip(),
        "group_by": _labels(form.labels),
        "measures": _measures(form.measures),
        "window": form.window.strip(),
        "clock": form.clock,
        "alarm": _OR.split(form.alarm.strip()) if form.alarm.strip() else [],
        "include_aborted": form.include_aborted,
        "model": dict(form.model),
    }
    try:
        found = of_document(document)
    except (ValueError, TypeError) as error:
        raise _error(str(error), form) from None
    try:
        "".join((found.title, found.unit, found.filter, *(label.name for label in found.labels))).encode()
    except UnicodeEncodeError:
        raise FormError("", "half a character stands in it, which no file can hold") from None
    written(found)
    return found


def _labels(rows: Sequence[LabelRow]) -> dict[str, object]:
    found: dict[str, object] = {}
    for number, row in enumerate(rows):
        place, label = row.place.strip(), row.label.strip()
        if not place and not label:
            continue
        if not place:
            raise FormError("labels", f"{label}: by what? A place such as data.sku, or a field such as type", number)
        label = label or label_name(row)
        if label in found:
            raise FormError("labels", f"{label} stands there twice: give one another label", number)
        if len(found) == MOST_LABELS:
            raise FormError("labels", f"groups are told apart by at most {MOST_LABELS}", number)
        found[label] = _places(place, "labels", number)
    return found


def _measures(rows: Sequence[MeasureRow]) -> dict[str, object]:
    found: dict[str, object] = {}
    for number, row in enumerate(rows):
        name, place = row.name.strip() or measure_name(row), row.place.strip()
        if not place and row.operation not in WITHOUT_PLACE:
            raise FormError("measures", f"{row.operation} of what? A place such as data.amount", number)
        if name in found:
            raise FormError("measures", f"two are called {name}: give one another name", number)
        if len(found) == MOST_MEASURES:
            raise FormError("measures", f"at most {MOST_MEASURES} numbers", number)
        if not is_name(name):
            raise FormError("measures", f"{name}: a name is one word of letters, digits, - and _ that begins with a letter", number)
        found[name] = {row.operation: _places(place, "measures", number)} if place else row.operation
    if not found:
        raise FormError("measures", "at least one number is wanted")
    return found


def _places(text: str, part: str, row: int) -> list[str]:
    try:
        return list(places_of(_OR.split(text), text))
    except (ValueError, TypeError) as error:
        raise FormError(part, str(error).removeprefix(f"{text}: "), row) from None


def _error(sentence: str, form: Form) -> FormError:
    """A mistake of the file as one of the form: it begins with the key it is of."""
    key, _, rest = sentence.partition(": ")
    if key.startswith("[measures] "):
        names = [row.name.strip() or measure_name(row) for row in form.measures]
        name = key.removeprefix("[measures] ")
        return FormError("measures", f"{name}: {rest}", names.index(name) if name in names else 0)
    parts = {"group_by": "labels", "measures": "measures"}
    return FormError(parts.get(key, key), rest or sentence)
