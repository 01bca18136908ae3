"""Projections found by name: the user's own, and those that ship with the program. Read `spec` for files.

A name that is both is the user's own.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from importlib import resources as package_files
from pathlib import Path

from inspector.errors import UsageError
from inspector.projections.spec import Projection, is_name, load, parse
from inspector.settings import projections_place
from inspector.user_code import is_code

_MOST_OWN = 500


def names() -> tuple[str, ...]:
    """The names of those that ship with the program."""
    folder = package_files.files("resources") / "projections"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def own() -> tuple[str, ...]:
    """The names of the user's own, which are those of their files; also of files that have a mistake."""
    with suppress(OSError):
        found = (path.stem for path in projections_place().iterdir() if path.suffix == ".toml" and is_name(path.stem))
        return tuple(sorted(found)[:_MOST_OWN])
    return ()


def own_path(name: str) -> Path:
    """Where the user's own projection of this name is kept. Raises UsageError for what is no name."""
    if not is_name(name):
        raise UsageError(f"{name!r} is no name: write one word of letters, digits, - and _ that begins with a letter")
    return projections_place() / f"{name}.toml"


def readable() -> tuple[str, ...]:
    """Names of projections that can be computed: all that ship, and of the user's own those without a mistake."""
    found = set(names())
    for name in own():
        if _is_right(own_path(name)):
            found.add(name)
        else:
            found.discard(name)  # what cannot be read hides what it is called like
    return tuple(sorted(found))


def _is_right(path: Path) -> bool:
    try:
        told = path.stat()
    except OSError:
        return False
    return _was_right(path, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=_MOST_OWN)
def _was_right(path: Path, _mtime_ns: int, _size: int) -> bool:
    with suppress(UsageError):
        load(path)
        return True
    return False


def shipped_text(name: str) -> str:
    """The file of one that ships with the program. Raises LookupError for no such name."""
    if name not in names():
        raise LookupError(name)
    return (package_files.files("resources") / "projections" / f"{name}.toml").read_text(encoding="utf-8")


def path_of(asked: str) -> Path | None:
    """The file that `asked` means: that very file, or the user's own of this name; None where it ships with the program.

    Raises UsageError where there is neither.
    """
    if Path(asked).is_file():
        return Path(asked)
    if is_name(asked) and (path := own_path(asked)).is_file():
        return path
    if asked in names():
        return None
    if Path(asked).exists():  # a pipe, or what reading says is none
        return Path(asked)
    known = sorted({*names(), *own()})
    raise UsageError(f"there is no file {asked}, and no projection of that name: it is a TOML file, or one of {', '.join(known)}")


def find(asked: str) -> Projection:
    """The projection in the file `asked`, or that of this name. Raises UsageError where there is none, or it has a mistake."""
    if is_code(asked):
        raise UsageError(
            f"{asked} is a function in Python: only eventscope project, metrics and plots run it; a file of TOML is wanted here"
        )
    path = path_of(asked)
    return parse(shipped_text(asked), f"{asked}.toml") if path is None else load(path)
