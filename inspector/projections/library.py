"""The projections that ship with the program, those of the demo shop, found by name. Read `spec` for files."""

from __future__ import annotations

from importlib import resources as package_files
from pathlib import Path

from inspector.errors import UsageError
from inspector.projections.spec import Projection, load, parse


def names() -> tuple[str, ...]:
    """Their names."""
    folder = package_files.files("resources") / "projections"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def find(asked: str) -> Projection:
    """The projection in the file `asked`, or the shipped one of that name. Raises UsageError where there is neither."""
    if asked in names() and not Path(asked).exists():
        text = (package_files.files("resources") / "projections" / f"{asked}.toml").read_text(encoding="utf-8")
        return parse(text, f"{asked}.toml")
    if not Path(asked).exists():
        raise UsageError(f"there is no file {asked}, and no projection of that name: it is a TOML file, or one of {', '.join(names())}")
    return load(Path(asked))
