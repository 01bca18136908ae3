"""What masks hide of a comparison: labels and values by the places that the projection takes them from, the model's as its own. Pure.

What is stored is compared, so that a mask changes no verdict. Read `comparing` for who asks, `inspector.masks` for the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from inspector import values
from inspector.drift.difference import Difference, Named
from inspector.errors import UsageError
from inspector.masks import Masks, parse_path
from inspector.projections import Projection
from inspector.projections.answer import rounded


class Hiding:
    """Shows what may be seen of one projection's rows; all of it without masks."""

    def __init__(self, projection: Projection, masks: Masks | None) -> None:
        self._masks = masks
        self._labels = {label.name: label.places for label in projection.labels}
        self._measures = {one.name: one.places for one in projection.measures}

    def label(self, name: str, value: object) -> object:
        """A label of a row."""
        return self._shown(self._labels[name], value)

    def difference(self, one: Difference) -> Difference:
        """A difference as it may be shown."""
        if self._masks is None:
            return one
        return replace(
            one,
            labels={name: self.label(name, value) for name, value in one.labels.items()},
            expected=self._values(one.expected),
            found=self._values(one.found),
            events=list(map(self._named, one.events)),
            left_out=list(map(self._named, one.left_out)),
        )

    def _values(self, found: Mapping[str, object] | None) -> Mapping[str, object] | None:
        return None if found is None else {name: self._shown(self._measures[name], value) for name, value in found.items()}

    def _named(self, one: Named) -> Named:
        assert self._masks is not None
        return replace(one, type=self._masks.shown("type", one.type))

    def _shown(self, places: Sequence[str], value: object) -> object:
        if self._masks is None or value is None:
            return value
        written = value if isinstance(value, str) else values.to_json(rounded(value))
        text = written
        for place in places:
            text = _at(self._masks, place, text)
        return value if text == written else text


def _at(masks: Masks, place: str, text: str) -> str:
    try:
        path = parse_path(place)
    except UsageError:  # a field that no rule can name, such as the log
        return masks.of_text(text)
    return masks.at(path, text) if len(path) > 1 else masks.at(path, masks.shown(path[0], text) or "")
