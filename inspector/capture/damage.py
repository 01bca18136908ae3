"""What does not fit in a capture is damage of the file, and is said as such. Read `report` for a user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import apsw

from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError

P = ParamSpec("P")
T = TypeVar("T")


def damage_is_said(work: Callable[Concatenate[CaptureReader, P], T]) -> Callable[Concatenate[CaptureReader, P], T]:
    """A stranger's file may hold anything anywhere: what then does not fit is damage of the file, and is said as such."""

    @wraps(work)
    def said(reader: CaptureReader, /, *arguments: P.args, **options: P.kwargs) -> T:
        try:
            return work(reader, *arguments, **options)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise CaptureError(
                f"{reader.path} is damaged: its account holds values of other kinds than it should; use another copy"
            ) from error

    return said


@contextmanager
def damage_said(path: Path) -> Iterator[None]:
    """For what writes into a stranger's file too: its own statements are right, what fails is what it finds."""
    try:
        yield
    except (apsw.SQLError, apsw.ConstraintError, apsw.MismatchError, apsw.CorruptError, OverflowError) as error:
        raise CaptureError(f"{path} is damaged ({error}); use another copy") from error
