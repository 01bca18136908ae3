"""What is read of a user's file: its bytes, and those of the modules of its own folder that it imports. Runs nothing.

Each file is read once: what is hashed is what is run. Modules that are installed, or stand in a folder given as
`--python-path`, are not covered. Read `consent` for what the digest is for, `loading` for how the bytes are run.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inspector.errors import UsageError

_MOST_FILES = 500
_MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sources:
    """A user's file with what it imports of its own: `modules` is module name → (path, bytes), `name` that of the file."""

    path: Path
    name: str
    root: Path
    """The folder in which the file's package stands, or the file itself."""
    python_path: tuple[str, ...] = ()
    modules: dict[str, tuple[Path, bytes]] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """That of the file itself, as hexadecimal digits."""
        return hashlib.sha256(self.modules[self.name][1]).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of the file itself."""
        return len(self.modules[self.name][1])

    @property
    def imports(self) -> tuple[tuple[str, str], ...]:
        """Path and SHA-256 of each other file of its own folder, by path."""
        others = [(str(path), content) for name, (path, content) in self.modules.items() if name != self.name]
        return tuple((path, hashlib.sha256(content).hexdigest()) for path, content in sorted(others))

    @property
    def digest(self) -> str:
        """The SHA-256 of the file where that is all; else that of a list of all files and folders, as `sha256sum` writes it."""
        if not self.imports and not self.python_path:
            return self.sha256
        lines = [f"{digest}  {path}\n" for path, digest in ((str(self.path), self.sha256), *self.imports)]
        lines += [f"--python-path {folder}\n" for folder in self.python_path]
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def read_sources(path: Path, python_path: Sequence[str] = ()) -> Sources:
    """`path` and what it imports from its own folder. Raises UsageError when there is no such file, or one is too large."""
    path = path.expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"there is no Python file {path}: give one that ends in .py")
    root, name = _named(path)
    folders = tuple(str(Path(folder).expanduser().absolute()) for folder in python_path)
    found = Sources(path, name, root, folders)
    _take(found, name, path)
    waiting = [name, *(parent for parent in _parents(name) if _add(found, parent))]
    while waiting:
        waiting += [other for other in _imported(found, waiting.pop()) if _add(found, other)]
    return found


def _named(path: Path) -> tuple[Path, str]:
    """The folder that modules are named from, and the file's own module name: `shop/orders.py` of a package is `shop.orders`."""
    parts, folder = [path.stem] if path.stem != "__init__" else [], path.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    name = ".".join(parts)
    if (
        not parts
        or not all(part.isidentifier() for part in parts)
        or parts[0] in sys.stdlib_module_names
        or parts[0] in ("inspector", "app")
    ):
        return path.parent, "eventscope_user_reducer"
    return folder, name


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _add(found: Sources, name: str) -> bool:
    """Reads the module `name` of the file's own folder; False when it is none, or was read."""
    if not name or name in found.modules or name.partition(".")[0] in sys.stdlib_module_names:
        return False
    place = found.root.joinpath(*name.split("."))
    for path in (place / "__init__.py", place.with_name(f"{place.name}.py")):
        if path.is_file() and path != found.path:
            _take(found, name, path)
            return True
    return False


def _take(found: Sources, name: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the file {path} cannot be read: {error.strerror or error}") from error
    if len(content) > _MOST_BYTES or len(found.modules) >= _MOST_FILES:
        raise UsageError(
            f"{found.path} with what it imports is too much to be looked at: at most {_MOST_FILES} files of {_MOST_BYTES >> 20} MB"
        )
    found.modules[name] = path, content


def _imported(found: Sources, name: str) -> Iterator[str]:
    """The names of modules that a module's imports may mean, with the packages they are in; nothing of one that is no Python."""
    path, content = found.modules[name]
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # running it says so
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            names = [start, *(f"{start}.{alias.name}".lstrip(".") for alias in node.names)]
        else:
            continue
        for one in names:
            yield from (*_parents(one), one)
