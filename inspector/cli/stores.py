"""`eventscope stores`: what the tables of a database look like as events, and descriptors for them. Reads schemas and a few rows.

Read `sources.sql_guess` for how columns are guessed, `capture` for reading a store.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.capture import read_config
from inspector.cli.registries import without_registries
from inspector.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from inspector.sources.sql_proposal import Proposal
    from inspector.sources.table_description import TableDescription

_COLUMNS = ("table", "rows", "descriptor", "likelihood", "guess")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `stores`."""
    stores = commands.add_parser("stores", help="the tables of a database as event stores", description=_stores.__doc__)
    stores.add_argument("url", metavar="URL")
    stores.add_argument("--propose", metavar="TABLE", help="print a descriptor for this table, to be confirmed or edited")
    stores.add_argument("--set", action="append", default=[], type=_choice, metavar="FIELD=EXPRESSION", help="instead of the guess")
    stores.add_argument("--zone", metavar="ZONE", help="of times that say none, such as UTC or Europe/Paris")
    stores.add_argument(
        "--save",
        nargs="?",
        const="",
        metavar="FILE",
        help="keep the proposal, or an edited descriptor, for the next time",
    )
    stores.add_argument("--config", metavar="FILE|-")
    stores.add_argument("--format", choices=("table", "jsonl"))
    stores.set_defaults(run=_stores)


def _choice(text: str) -> tuple[str, str]:
    field, equals, expression = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not FIELD=EXPRESSION, such as stream=order_id")
    return field, expression


def _stores(args: argparse.Namespace) -> ExitStatus:
    """Lists the tables of a database with the descriptor that reads each, or a guess; with --propose prints a descriptor."""
    from inspector.cli.output import print_rows
    from inspector.sources import describe_tables

    if args.save and not args.propose:
        return _save(_edited(args.save))
    tables = describe_tables(args.url, without_registries(read_config(args.config)))
    if args.propose is None:
        print_rows(_rows(tables), _COLUMNS, format_=args.format)
        return ExitStatus.OK
    proposal = _changed(_proposal(tables, args.propose), args)
    if args.save is not None:
        return _save(proposal.toml() if not args.save else _edited(args.save))
    _print(proposal, args)
    return ExitStatus.OK


def _edited(name: str) -> str:
    if not Path(name).is_file():
        raise UsageError(
            f"there is no file {name}; to keep a proposal as it is, name its table with --propose and give --save without a file"
        )
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the descriptor {name}: {error}") from None


def _rows(tables: list[TableDescription]) -> Iterator[dict[str, object]]:
    from inspector.sources.sql_guess import guess

    for table in tables:
        proposal = guess(table)
        guessed = ", ".join(f"{one.field} {one.expression}" for one in proposal.fields if one.expression)
        yield {
            "table": table.name,
            "rows": None if table.about_rows is None else table.about_rows,
            "descriptor": table.descriptor or None,
            "likelihood": None if table.descriptor else proposal.likelihood,
            "guess": None if table.descriptor else guessed,
            "questions": None if table.descriptor else [question.text for question in proposal.questions],
        }


def _proposal(tables: list[TableDescription], name: str) -> Proposal:
    from inspector.sources.sql_guess import guess

    found = next((table for table in tables if table.name == name), None)
    if found is None:
        raise UsageError(f"there is no table {name}; there are {', '.join(table.name for table in tables) or 'none at all'}")
    return guess(found)


def _changed(proposal: Proposal, args: argparse.Namespace) -> Proposal:
    """The proposal with what the user said."""
    from inspector.sources.sql_convert import is_zone
    from inspector.sources.sql_expressions import column_text

    for field, expression in args.set:
        proposal = proposal.with_choice("time" if field == "recorded" else field, expression)
    time = proposal.of("time")
    if args.zone and not is_zone(args.zone):
        raise UsageError(f"no time zone named {args.zone!r}; write one such as Europe/Paris or UTC")
    if args.zone and time is not None and time.column and not time.expression:
        column = column_text(time.column)
        proposal = proposal.with_choice("time", f"utc({column})" if args.zone == "UTC" else f"local({column}, '{args.zone}')")
    return proposal


def _print(proposal: Proposal, args: argparse.Namespace) -> None:
    import orjson

    if args.format == "jsonl":
        print(orjson.dumps(proposal.as_json(), default=str).decode())
        return
    print(proposal.toml(), end="")
    for question in proposal.questions:
        from inspector.text import visible

        print(visible(f"to be answered: {question.text}"), file=sys.stderr)


def _save(text: str) -> ExitStatus:
    from inspector.sources.sql_saved import save

    path = save(text)
    print(f"kept as {path}: tables with these columns are read so from now on")
    return ExitStatus.OK
