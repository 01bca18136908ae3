"""`eventscope open`: starts the window as a program of its own, so that no command imports Qt."""

from __future__ import annotations

import argparse
import subprocess
import sys

from inspector.errors import ExitStatus


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `open`."""
    parser = commands.add_parser("open", help="the window (also without any command)", description=_open.__doc__)
    help_ = "an .evcap file, files or folders to import, kafka://host:port[/topic], or an SQL URL"
    parser.add_argument("store", nargs="*", metavar="STORE", help=help_)
    parser.set_defaults(run=_open)


def _open(args: argparse.Namespace) -> ExitStatus:
    """Opens the window on a capture, on files to import, on a cluster or a store."""
    ended = subprocess.run([sys.executable, "-m", "app", *args.store], check=False)
    return ExitStatus(ended.returncode) if ended.returncode in list(ExitStatus) else ExitStatus.FINDINGS
