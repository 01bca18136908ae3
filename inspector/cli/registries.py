"""Options of commands that decode: registries and folders of schemas, and what a configuration says of them. Asks nobody.

Read `inspector.schemas` for places, `schemas.access` for the properties.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector.schemas import Place


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--registry` and `--schemas`; the command has `--config` itself."""
    parser.add_argument(
        "--registry",
        action="append",
        default=[],
        metavar="URL",
        help="a schema registry (Confluent's API or Apicurio's); its login is given with --config",
    )
    parser.add_argument(
        "--schemas", action="append", default=[], type=Path, metavar="PATH", help="a folder or file of schemas, or what a registry exports"
    )


def places_of(args: argparse.Namespace, config: Mapping[str, str]) -> Callable[[], Sequence[Place]]:
    """Makes the places to look for schemas, new ones for each thread; files come first. Nobody is asked yet.

    Raises UsageError for what cannot be used.
    """
    from inspector.schemas.access import registries
    from inspector.schemas.circuit import Circuit
    from inspector.schemas.registry import Registry

    found = [(address, access, Circuit()) for address, access in registries(args.registry, config)]
    folders: list[Place] = []
    if args.schemas:
        from inspector.schemas.folder import Folder

        folders = [Folder(path) for path in args.schemas]

    def places() -> list[Place]:
        asked = [Registry(address, access, circuit=circuit) for address, access, circuit in found]
        return [*folders, *asked]

    return places


def without_registries(config: Mapping[str, str]) -> dict[str, str]:
    """The properties that are a source's."""
    from inspector.schemas.access import is_registry_property

    return {name: value for name, value in config.items() if not is_registry_property(name)}
