"""On which terms code of the user's own runs that was named on the command line. Read `inspector.user_code` for how it runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector.user_code import Terms


def add_code_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Adds `--python-path`, `--time-limit` and `--memory-limit`."""
    code = parser.add_argument_group("code of your own")
    code.add_argument("--python-path", action="append", default=[], metavar="DIR", help="where FILE.py finds the modules that it imports")
    code.add_argument("--time-limit", type=float, metavar="S", help="seconds that it may take for one event (60)")
    code.add_argument("--memory-limit", type=int, metavar="MB", help="memory that it may use (4096)")
    return code


def terms(args: argparse.Namespace) -> Terms:
    """What these options say. Raises UsageError for limits that nothing can keep."""
    from inspector.user_code import EVENT_S, MEMORY_MB, Terms

    event_s = EVENT_S if args.time_limit is None else args.time_limit
    return Terms(tuple(args.python_path), None, event_s, MEMORY_MB if args.memory_limit is None else args.memory_limit)
