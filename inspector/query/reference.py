"""Everything the filter language has, as tables of a page: read by the guide, and by the completion of the filter box.

Made from the tables that compile a filter, so that neither can name what there is not. Read `calls` and `compiler` for these.
"""

from __future__ import annotations

from collections.abc import Iterable

from inspector.query.calls import FUNCTIONS, METHODS, Call
from inspector.query.compiler import MACROS, SPECIAL
from inspector.query.names import CAPTURED

OPERATORS = (
    ('type == "OrderPlaced"', "equal; `!=` is not. Texts, numbers, truth values, times; numbers to the last digit"),
    ("data.total > 900", "ordered: `<` `<=` `>` `>=`"),
    ('type == "Paid" && data.total > 900', "both; `||` either, `!( )` not"),
    ("data.coupon == null", "true only for a null that is there"),
    ('type in ["OrderPlaced", "OrderCancelled"]', "one of a list"),
    ('"visa" in data.tags', "an element of a list, or a member of an object"),
    ('"aborted" in flags', "a flag"),
    ('"trace" in headers', "a header of that name is there"),
    ('headers["trace"] == "abc"', "any header of that name"),
    ('data.items[0].sku == "A-1"', 'a place in a document; `data["odd name"]` for any name'),
    ("data.total - data.paid > 0", "`+` `-` `*` `/` `%`; whole numbers stay whole, `/` too; dividing by 0 is not applicable"),
    ("(data.paid ? data.total : 0) > 900", "this or that"),
    ('captured_time - time > duration("1h")', "times are moved by durations; their difference is one"),
)
"""`(example, meaning)`."""


def examples() -> list[str]:
    """One filter for everything there is."""
    calls = [call.example for call in (*FUNCTIONS.values(), *METHODS.values())]
    return [example for example, _ in (*OPERATORS, *SPECIAL.values())] + calls + [example for example, _, _ in MACROS.values()]


def page() -> str:
    """The tables in Markdown."""
    calls = {f"{name}(…)": call for name, call in FUNCTIONS.items()} | {f".{name}(…)": call for name, call in METHODS.items()}
    parts = [
        _table(("ask", "means"), ((f"`{_cell(example)}`", meaning) for example, meaning in OPERATORS)),
        _table(("call", "like this", "means"), _calls(calls)),
        "The fields are `" + " ".join(CAPTURED) + "`.",
    ]
    return "\n\n".join(parts) + "\n"


def _calls(calls: dict[str, Call]) -> Iterable[tuple[str, str, str]]:
    for name, call in calls.items():
        yield f"`{name}`", f"`{_cell(call.example)}`", call.meaning
    for name, (example, meaning, _) in MACROS.items():
        yield f"`.{name}(…)`", f"`{_cell(example)}`", meaning
    for name, (example, meaning) in SPECIAL.items():
        yield f"`{name}(…)`", f"`{_cell(example)}`", meaning


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" if "---" not in line else f"|{'|'.join(line)}|" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
