"""Places in a document as the filter language writes them: `data.items[0].sku`, `data["odd name"]`. Pure.

Read `inspector.query.grammar` for the language.
"""

from __future__ import annotations

import json
import re

_NAME = re.compile(r"(?!(?:true|false|null|in)\Z)[A-Za-z_][A-Za-z0-9_]*\Z")


def path_step(above: str, name: str, *, is_element: bool) -> str:
    """The path of a member of the value at path `above`."""
    if is_element:
        return f"{above}[{name}]"
    return f"{above}.{name}" if _NAME.match(name) else f"{above}[{json.dumps(name, ensure_ascii=False)}]"


def literal(value: object) -> str:
    """A text or number as the filter language writes it; empty for what it cannot say."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | int) and not isinstance(value, bool) else ""
