"""The command line: the contract that scripts, tests and the window rely on. Imports no Qt.

One module per group of commands; each registers its own and imports what is heavy only when it runs, so that `--help`
starts at once. Read `output` for how results are printed.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import importlib.util
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence

from inspector.errors import EventscopeError, ExitStatus, QueryError
from inspector.text import visible

_GROUPS = (
    "window",
    "demo",
    "logs",
    "stores",
    "capture",
    "import_",
    "decode",
    "schemas",
    "index",
    "read",
    "check",
    "lag",
    "report",
    "compare",
    "expect",
    "export",
    "replay",
    "states",
    "metrics",
    "project",
    "drift",
    "keep",
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eventscope",
        description="A desktop inspector for event logs: what Wireshark is for packets, for event streams. "
        "Without a command it opens the window.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parser.add_argument("--verbose", action="store_true", help="say on standard error what is done")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    for group in _GROUPS:
        if importlib.util.find_spec(f"inspector.cli.{group}"):
            importlib.import_module(f"inspector.cli.{group}").add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit status. Errors of the user's world are one sentence on standard error."""
    _open_standard()
    parser = _parser()
    words = _joined(sys.argv[1:] if arguments is None else arguments)
    args = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if args.version:
        args.run = _print_version
    elif args.command is None:
        args = parser.parse_args([*words, "open"])
    return _run(args)


def _open_standard() -> None:
    """Standard streams that are closed lead nowhere: else the first file that is opened would be taken for one of them."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


_BOUNDS = {"--from", "--until"}
_BACK = re.compile(r"-\d")


def _joined(words: Sequence[str]) -> list[str]:
    """`--from -15m` as `--from=-15m`: argparse takes what starts with a dash for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in _BOUNDS and _BACK.match(word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _run(args: argparse.Namespace) -> int:
    try:
        status = _status(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output has gone: nothing is wrong, and nothing more is to be said
        _print_no_more()
        return 128 + int(getattr(signal, "SIGPIPE", 13))
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        _print_no_more()
        print(f"eventscope: what is printed cannot be written: {error.strerror}. What is there is not whole; make room", file=sys.stderr)
        return int(ExitStatus.SOURCE)
    return status


_SHOWN = 60
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


def _print_no_more() -> None:
    """What still waits to be printed is let go of, or Python would try it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _status(args: argparse.Namespace) -> int:
    try:
        return int(args.run(args))
    except EventscopeError as error:
        # it may quote a stranger's names, and a terminal obeys what is in them
        print(f"eventscope: {visible(error.sentence if isinstance(error, QueryError) else str(error))}", file=sys.stderr)
        return int(error.exit_status)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG or error.filename is None:
            raise
        print(f"eventscope: {visible(str(error.filename)[:_SHOWN])}… is too long for a name of a file", file=sys.stderr)
        return int(ExitStatus.USAGE)
    except KeyboardInterrupt:
        return int(ExitStatus.STOPPED)


def _print_version(_args: argparse.Namespace) -> int:
    from importlib.metadata import version

    print(f"eventscope {version('eventscope')}")
    return int(ExitStatus.OK)
