"""The one door for extensions: entry points in the `eventscope.*` groups, the built-in ones among them.

Knows nothing of what it loads. See `sources`, `decoders` and `reducers` for what each door asks.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import entry_points

log = logging.getLogger(__name__)


@cache
def names(group: str) -> tuple[str, ...]:
    """The names registered under `eventscope.<group>`, sorted."""
    return tuple(sorted(point.name for point in entry_points(group=f"eventscope.{group}")))


@cache
def load(group: str, name: str) -> object:
    """The object registered as `name` under `eventscope.<group>`; loaded when first asked for.

    Raises LookupError naming the group's known names if there is none.
    """
    for point in entry_points(group=f"eventscope.{group}", name=name):
        return point.load()
    raise LookupError(f"no {group.removesuffix('s')} named {name!r}; known: {', '.join(names(group)) or 'none'}")
