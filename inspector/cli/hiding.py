"""Options of commands that print what a capture holds: its own masks, more of them, or none. Opens, prints nothing.

Read `inspector.masks` for the rules.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import UsageError
from inspector.plain_files import read_text

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader
    from inspector.masks import Masks

LARGEST = 1_000_000
"""A file of more bytes is no rule set."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--masks` and `--unmasked`."""
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--masks", metavar="production|FILE", help="hide also what these rules say; FILE may be a profile")
    shown.add_argument("--unmasked", action="store_true", help="show also what the capture wants hidden")


def open_shown(args: argparse.Namespace) -> CaptureReader:
    """A reader of the file that was asked for, which hides what is to be hidden. Raises as `open_masked`."""
    from inspector.capture.masked import open_masked

    return open_masked(args.file, unmasked=args.unmasked, rules=mask_rules(args.masks))


def open_clear(args: argparse.Namespace) -> tuple[CaptureReader, Masks | None]:
    """A reader that hides nothing, for who compares what is stored, and what is to be hidden in print. Raises as `open_masked`."""
    from inspector.capture.reader import CaptureReader

    with open_shown(args) as reader:
        masks = reader.masks
    return CaptureReader(args.file), masks


def mask_rules(wanted: str | None) -> str:
    """The rules as TOML, checked: those for production, or a file's; empty for none. Raises UsageError."""
    if wanted is None:
        return ""
    from inspector import mask_text, masks

    if wanted == "production":
        return masks.production().text
    try:
        return mask_text.alone(read_text(Path(wanted), LARGEST))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the masks {wanted} cannot be read: {error}") from error
