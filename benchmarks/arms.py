"""Loading several copies of one package side by side, so that none is favoured.

Every arm is read from a folder of the same kind, compiled from source, and resolves each import
of the package, also one that is made later within a call, to its own copy.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


class Arm:
    """A private copy of a package.

    Parameters
    ----------
    root : Path
        Folder that contains the package's folder.
    package : str
        Its import name.

    Attributes
    ----------
    module : ModuleType
        The package.
    """

    def __init__(self, root: Path, package: str) -> None:
        self._root = root
        self._package = package
        self._modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}
        with self._active():
            self.module = importlib.import_module(package)

    def _owns(self, name: str) -> bool:
        return name == self._package or name.startswith(f"{self._package}.")

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names of __import__
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if self in sys.meta_path or (level == 0 and not self._owns(name)):
            return builtins.__import__(name, globals, locals, fromlist, level)
        with self._active():
            return builtins.__import__(name, globals, locals, fromlist, level)

    @contextmanager
    def _active(self) -> Iterator[None]:
        """Let the package's name stand for this copy."""
        others = {name: sys.modules.pop(name) for name in list(sys.modules) if self._owns(name)}
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)
            owned = [name for name in sys.modules if self._owns(name)]
            self._modules.update({name: sys.modules.pop(name) for name in owned})
            sys.modules.update(others)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of this copy; part of the import system's finder protocol."""
        del path, target
        if not self._owns(name):
            return None
        place = self._root.joinpath(*name.split("."))
        for file, folder in (
            (place / "__init__.py", [str(place)]),
            (place.with_suffix(".py"), None),
        ):
            if file.is_file():
                loader = _Loader(name, str(file), self._builtins)
                return spec_from_file_location(
                    name, file, loader=loader, submodule_search_locations=folder
                )
        raise ModuleNotFoundError(f"no module {name} in {self._root}", name=name)


class _Loader(SourceFileLoader):
    """Compiles from source, whatever is cached, with the importing function of an arm."""

    def __init__(self, name: str, path: str, its_builtins: Mapping[str, Any]) -> None:
        super().__init__(name, path)
        self._builtins = its_builtins

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._builtins
        super().exec_module(module)
