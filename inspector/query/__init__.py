"""The filter language: CEL's syntax over the envelope, one evaluator (SQL), three outcomes, and words for every filter.

A filter matches, does not match, or is *not applicable* to an event (a missing field, a wrong type, a key that is not
text): that is SQL's NULL, carried strictly. Read `grammar` for the syntax, `names` for what can be asked of an event,
`compiler` for how it becomes SQL, `staged` for filtering while capturing.
"""

from __future__ import annotations

from inspector.capture.condition import Condition
from inspector.query.compiler import Filter, compile_filter
from inspector.query.names import CAPTURED

__all__ = ["Filter", "compile_filter", "condition"]


def condition(text: str) -> Condition:
    """What a reader is given for the filter `text`. Raises QueryError with the column of a mistake."""
    return compile_filter(text, CAPTURED).condition()
