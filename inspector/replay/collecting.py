"""The collector of cycles, which a fold gives nothing to find: it is asked rarely while one goes on.

Read `process` and the command line for who folds.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Within it documents are made and dropped without being looked at: among 100,000 that took as long as folding them."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
