"""Running what was read of a user's file: modules come from the very bytes that were hashed. In the code's own process only.

Read `sources` for what is read, `child` for the process.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType, TracebackType


class Caught:
    """Keeps whatever ends its block: code of a user's own may raise anything, SystemExit included."""

    error: BaseException | None = None

    def __enter__(self) -> Caught:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.error = error
        return error is not None


def said(error: BaseException) -> str:
    """An error as the user's own Python would print it, on one line of at most 1,000 characters."""
    if isinstance(error, MemoryError):
        return "MemoryError: it needs more memory than it may have"
    caught = Caught()
    with caught:
        text = str(error)
        return f"{type(error).__name__}: {text}"[:1_000] if text else type(error).__name__
    return type(error).__name__


class _FromBytes(importlib.abc.InspectLoader):
    """Loads one module from its bytes."""

    def __init__(self, path: str, content: bytes, *, is_package: bool) -> None:
        self._path, self._content, self._is_package = path, content, is_package

    def is_package(self, fullname: str) -> bool:
        """Whether it is an `__init__.py`."""
        return self._is_package

    def get_source(self, fullname: str) -> str:
        """Its text, for tracebacks."""
        return importlib.util.decode_source(self._content)

    def get_code(self, fullname: str) -> CodeType:
        """What runs."""
        return compile(self._content, self._path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """Runs it."""
        module.__file__ = self._path
        super().exec_module(module)


class Modules(importlib.abc.MetaPathFinder):
    """Finds the modules that were read with the user's file before any other; may refuse all that are not loaded yet."""

    def __init__(self, modules: Mapping[str, tuple[str, bytes]], root: str, *, only_read: bool) -> None:
        self._modules, self._root, self._only_read = modules, Path(root), only_read
        self.is_closed = False
        """True: nothing more is imported, so that no name in an event can load a module."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """How to load a module; None leaves it to Python."""
        if self.is_closed:
            raise ModuleNotFoundError(f"the module {fullname} is not imported by the file that was named", name=fullname)
        found = self._modules.get(fullname)
        if found is None:
            if any(name.startswith(f"{fullname}.") for name in self._modules):
                return _namespace(fullname)
            if self._only_read and self._stands_beside(fullname):
                raise ModuleNotFoundError(
                    f"the module {fullname} stands beside the file but was not part of what was allowed: import it at the top of the file",
                    name=fullname,
                )
            return None
        where, content = found
        is_package = Path(where).name == "__init__.py"
        spec = importlib.util.spec_from_loader(fullname, _FromBytes(where, content, is_package=is_package), origin=where)
        if spec is not None and is_package:
            spec.submodule_search_locations = [str(Path(where).parent)]
        return spec

    def _stands_beside(self, fullname: str) -> bool:
        if fullname.partition(".")[0] in sys.stdlib_module_names:
            return False
        if fullname.rpartition(".")[0] in self._modules:
            return True  # in a package that was read: also what is no text, such as a compiled module
        place = self._root.joinpath(*fullname.split("."))
        return place.with_name(f"{place.name}.py").is_file() or (place / "__init__.py").is_file()


def _namespace(fullname: str) -> importlib.machinery.ModuleSpec:
    """A folder without an `__init__.py`."""
    spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
    spec.submodule_search_locations = []
    return spec


def load(name: str, finder: Modules, folders: Sequence[str]) -> ModuleType:
    """The module `name` out of `finder`, others looked for in `folders` first; whatever running it raises is raised."""
    sys.dont_write_bytecode = True
    sys.path[:0] = folders
    sys.meta_path.insert(0, finder)
    return importlib.import_module(name)
