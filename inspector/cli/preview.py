"""`eventscope import --preview`: what an import would do, for people and for the window. Writes nothing.

Read `import_preview` for the work, `import_` for the options.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from inspector.text import shortened, visible

if TYPE_CHECKING:
    from inspector.formats.wishes import Wishes
    from inspector.import_preview import Group, Preview

_VALUE_CHARACTERS = 80


def print_preview(found: Preview, print_as: str) -> None:
    """Prints it as JSON lines, or as lines for people."""
    from inspector.import_preview import lines

    said = (json.dumps(line) for line in lines(found)) if print_as == "jsonl" else map(visible, _words(found))
    for line in said:
        print(line)


def _words(found: Preview) -> Iterator[str]:
    more = "" if found.looked_at == found.files else f", {found.looked_at:,} of them looked into"
    yield f"{found.files:,} files{more}, {found.size_bytes:,} bytes; nothing is written"
    for group in found.groups:
        yield from _group_words(group)
    yield from found.notes
    if found.more_notes:
        yield f"and {found.more_notes:,} more were left out"


def _group_words(group: Group) -> Iterator[str]:
    alike = f" and {group.alike:,} with the same ending" if group.alike else ""
    yield f"{group.title}: {group.files:,} {'file' if group.files == 1 else 'files'}{alike} ({group.why or group.recognised})"
    if others := [f"{way.name} ({way.score:.2f})" for way in group.ways if way.name != group.name]:
        yield f"  also fits: {', '.join(others)}"
    fields = group.settings.get("fields")
    if isinstance(fields, dict):
        yield "  " + ", ".join(f"{name} from {place}" for name, place in fields.items() if place)
    for question in group.questions:
        yield f"  only you can say: {question} (--{'zone' if question == 'zone' else f'set {question}='}…)"
    for event in group.events:
        place = f"{event.log}/{event.partition}@{event.position}"
        yield f"  {place} {event.type or '-'} {event.stream or '-'} {shortened(event.value or 'null', _VALUE_CHARACTERS)}"
    for text in filter(None, (group.problem, *group.notes, group.loses, group.proves)):
        yield f"  {text}"


def wishes_of(formats: list[str], settings: list[tuple[str, str]], zone: str | None) -> Wishes:
    """What `--format`, `--set` and `--zone` say. Raises UsageError."""
    from inspector.formats.wishes import wishes

    return wishes(formats, [*settings, *([("zone", zone)] if zone else [])])
