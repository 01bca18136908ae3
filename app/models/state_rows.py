"""The rows of a state: what a row is of, its texts, its signs and its colours by name. Draws nothing.

Read `state_tree` for the model they are in, `inspector.replay.preview` for what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from app.plain import tip
from inspector.text import shortened, visible

HEADERS = ("state", "value", "last set by")
_SIGNS = {"add": "+", "replace": "~", "remove": "−"}
_WORDS = {"add": "added", "replace": "changed", "remove": "removed"}
_TONES = {"add": "ok", "replace": "warn", "remove": "bad"}
_KINDS = {"string": "ok", "number": "accent", "boolean": "accent", "null": "faint"}


class Shape(Enum):
    """What a row is: a value in its place, one further down that changed, one that is gone, a remark, or all of a scalar state."""

    value = 1
    beyond = 2
    gone = 3
    note = 4
    whole = 5


@dataclass(slots=True)
class Node:
    """One row. `op` is what the last event did to the value, `before` what it was, `inside` how much it changed in it."""

    path: str
    key: str
    kind: str
    text: str = ""
    count: int = 0
    set_by: Mapping[str, Any] | None = None
    op: str = ""
    before: str = ""
    inside: int = 0
    shape: Shape = Shape.value
    number: int = 0
    parent: int = 0
    row: int = 0
    inner: list[int] = field(default_factory=list)
    loaded: int = 0
    is_asked: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """Rows with the same one are one row that changed."""
        return self.path, self.shape, self.count > 0

    @property
    def is_container(self) -> bool:
        """Whether it is an object or an array."""
        return self.kind in {"object", "array"}

    @property
    def is_there(self) -> bool:
        """Whether the state has it."""
        return self.shape in {Shape.value, Shape.beyond, Shape.whole}

    def take(self, other: Node) -> None:
        """Shows what `other` would show, in this row."""
        self.key, self.kind, self.text, self.set_by = other.key, other.kind, other.text, other.set_by
        self.op, self.before, self.inside, self.count = other.op, other.before, other.inside, other.count


def nodes_of(children: Iterable[Mapping[str, Any]], shape: Shape) -> list[Node]:
    """The rows of what was sent of one level."""
    return [
        Node(
            str(child["path"]),
            str(child["key"]),
            str(child["kind"]),
            str(child.get("text", "")),
            int(child.get("children", 0)),
            child.get("set_by"),
            "remove" if shape is Shape.gone else str(child.get("op") or ""),
            str(child.get("from") or ""),
            int(child.get("inside", 0)),
            shape,
        )
        for child in children
    ]


def note_of(path: str, more: int, *, is_last: bool) -> Node:
    """The row that says how much is not shown."""
    words = "copy the value to have all" if is_last else "Enter shows the next"
    return Node(f"{path}/…", "…", "note", f"{more:,} more: {words}", shape=Shape.note)


def row_text(node: Node, column: int) -> str:
    """The text of a cell."""
    if column == 0:
        sign = _SIGNS.get(node.op) or ("~" if node.inside else "")
        return visible(shortened(f"{sign} {node.key}" if sign else node.key))
    if column == 1:
        return visible(shortened(value_text(node)))
    return visible(shortened(setter_text(node.set_by))) if node.set_by else ""


def value_text(node: Node) -> str:
    """A value in a line: scalars as JSON, containers by their size, and what the last event did to it."""
    if node.op == "remove":
        return f"removed, was {node.before}"
    text = node.text
    if node.is_container:
        unit = "field" if node.kind == "object" else "item"
        text = f"{node.count:,} {unit}{'' if node.count == 1 else 's'}"
    if node.op == "replace":
        return f"{text}  was {node.before}"
    if node.op == "add":
        return f"{text}  added"
    return f"{text}  {node.inside:,} changed inside" if node.inside else text


def setter_text(event: Mapping[str, Any]) -> str:
    """An event in few words: version, type and who did it."""
    version = event.get("version")
    parts = [str(version) if version is not None else f"#{event.get('seq')}", str(event.get("type") or "no type")]
    return " ".join(parts) + (f" · {event['actor']}" if event.get("actor") else "")


def row_words(node: Node, column: int) -> str:
    """A cell as it is read aloud: no sign without its word."""
    if column == 0 and (word := _WORDS.get(node.op) or ("changed inside" if node.inside else "")):
        return visible(f"{node.key}, {word} by this event")
    return row_text(node, column)


def row_tip(node: Node, column: int) -> str:
    """The tooltip of a cell."""
    if column == 0:
        return tip(f"{node.path}\n{_WORDS[node.op]} by this event" if node.op else node.path)
    if column == 1:
        return tip(f"{node.before} → {node.text}" if node.op == "replace" else node.before if node.op == "remove" else node.text)
    return tip(", ".join(f"{name} {value}" for name, value in (node.set_by or {}).items() if value is not None))


def row_tone(node: Node, column: int) -> str:
    """The name of a cell's colour."""
    if node.shape in {Shape.gone, Shape.note}:
        return "dim"
    if column == 1:
        return _KINDS.get(node.kind, "dim")
    return "text" if column == 0 else "dim"


def sign_tone(node: Node) -> str:
    """The name of the colour that washes a changed row; empty for none."""
    return _TONES.get(node.op, "")
