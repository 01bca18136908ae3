"""A projection as the text of a file again, for a form. Pure. Read `spec` for how it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from inspector.errors import UsageError
from inspector.projections.spec import Projection, check_window, parse
from inspector.times import span_text

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def checked(projection: Projection) -> Projection:
    """The same when it can be computed. Raises UsageError naming what is wrong."""
    if projection.code:
        try:
            check_window(projection.measures, projection.window_us)
        except ValueError as error:
            raise UsageError(f"{projection.name}: {error}") from None
        return projection
    return parse(written(projection), projection.name or "projection")


def written(projection: Projection) -> str:
    """The file that says the same."""
    lines = [f"name = {_toml(projection.name)}"]
    said = {key: getattr(projection, key) for key in ("title", "unit", "filter")}
    lines += [f"{key} = {_toml(value)}" for key, value in said.items() if value]
    if projection.labels:
        labels = ", ".join(f"{_key(label.name)} = {_toml_places(label.places)}" for label in projection.labels)
        lines.append(f"group_by = {{ {labels} }}")
    if projection.window_us is not None:
        lines.append(f"window = {_toml(span_text(projection.window_us))}")
    if projection.clock != "time":
        lines.append(f"clock = {_toml(projection.clock)}")
    if projection.alarms:
        lines.append("alarm = [" + ", ".join(_toml(one.text) for one in projection.alarms) + "]")
    if projection.include_aborted:
        lines.append("include_aborted = true")
    if projection.model:
        lines.append(f"model = {_value(projection.model)}")
    lines += ["", "[measures]"]
    for one in projection.measures:
        what = f"{{ {one.operation} = {_toml_places(one.places)} }}" if one.places else _toml(one.operation)
        lines.append(f"{_key(one.name)} = {what}")
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    """What the file says of a read model. Raises UsageError for what no form can write, such as a date."""
    if isinstance(value, str):
        return _toml(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(name))} = {_value(one)}" for name, one in value.items()) + " }"
    raise UsageError(f"model: {value} cannot be written anew; change the file as a text")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _toml(name)


def _toml_places(places: Sequence[str]) -> str:
    return _toml(places[0]) if len(places) == 1 else "[" + ", ".join(map(_toml, places)) + "]"


def _toml(text: str) -> str:
    """A text as TOML writes it: as JSON does, but for the one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
