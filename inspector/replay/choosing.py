"""Which reducer folds a stream: the one asked for, the one remembered for its category, else the default.

Read `choices` for what is remembered, `inspector.reducers` for the reducers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from inspector import plugins
from inspector.capture.streams import StreamInfo
from inspector.errors import UsageError
from inspector.reducers import Reducer, named
from inspector.reducers.rules import ByRules
from inspector.replay import choices, evidence
from inspector.replay.question import Question
from inspector.user_code import ConsentError, Terms, is_code
from inspector.user_code.codes import Codes


def default_reducer(logs: Sequence[evidence.LogFacts], has_change_events: Callable[[], bool]) -> str:
    """The name of the reducer for a stream in these logs; `has_change_events` is asked whether its first document is a change event."""
    for log in logs:
        # only what is installed here: a capture never names code to run
        if (by_rule := log.rules.get("reducer")) in plugins.names("reducers"):
            return str(by_rule)
    if has_change_events():
        return "debezium"
    return "latest" if any(log.compacted for log in logs) else "merge"


class Wish(NamedTuple):
    """Which reducer is to be taken; None: the default. `why` is None where it was asked for just now, or is the default."""

    reducer: str | None
    terms: Terms
    why: str | None = None


def wished(question: Question, stream: StreamInfo) -> Wish:
    """The reducer that was asked for, else the one remembered for the stream's category."""
    if question.reducer is None and (choice := choices.chosen(stream.source, stream.category)) is not None:
        terms = replace(question.terms, python_path=choice.python_path)
        return Wish(choice.reducer, terms, f"remembered for category {stream.category}")
    return Wish(None if question.reducer == choices.DEFAULT else question.reducer, question.terms)


def reducer_named(asked: str, codes: Codes, wish: Wish, *, with_values: bool) -> Reducer:
    """The reducer of this name, or in this file. Raises UsageError when there is none, or values are needed and not there."""
    try:
        return _named(asked, codes, wish, with_values=with_values)
    except ConsentError:
        raise
    except UsageError as error:
        raise (error if wish.why is None else UsageError(f"{error} ({wish.why}; the reducer `default` leaves it out)")) from error


def _named(asked: str, codes: Codes, wish: Wish, *, with_values: bool) -> Reducer:
    if is_code(asked):
        return codes.reducer(asked, wish.terms, "", is_named=wish.why is None)
    if asked.endswith(".toml"):
        return ByRules(Path(asked))
    if not with_values:
        raise UsageError("the capture holds no values (--no-values): only a reducer of your own (FILE.py) has something to fold")
    return named(asked)


def is_change_event(document: object) -> bool:
    """Whether a document looks like a Debezium change event, with or without its schema around it."""
    inner = document.get("payload", document) if isinstance(document, dict) else None
    return isinstance(inner, dict) and {"op", "source"} <= inner.keys() and bool({"before", "after"} & inner.keys())
