"""Package interfaces whose modules are imported on first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazy_exports(
    package: str, exports: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package whose names are imported on first use.

    In the package's ``__init__.py``, after ``__all__``, so that mypy sees the names' own types and reports
    a name that is not exported::

        if TYPE_CHECKING:
            from geo.place.location import Location
        else:
            __getattr__, __dir__ = lazy_exports(__name__, {"geo.place.location": ["Location"]})

    Args:
        package: the package's ``__name__``.
        exports: full name of a module → the names of it that the package exports. A name must not be that of
            a submodule: importing the submodule would replace it.
    """
    modules = {name: module for module, names in exports.items() for name in names}

    def __getattr__(name: str) -> object:  # noqa: N807 - becomes the package's own
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(modules[name]), name)
        # Kept in the package's namespace, so that Python does not call this function for the name again.
        vars(sys.modules[package])[name] = value
        return value

    def __dir__() -> list[str]:  # noqa: N807 - becomes the package's own
        return sorted(vars(sys.modules[package]).keys() | modules.keys())

    return __getattr__, __dir__
