"""What of prometheus_client a textfile needs: its parser, not its HTTP server. PYTEST_DONT_REWRITE

Importing the client's package costs what its server needs: TLS, HTTP and URLs, eight times as much
as the parser, at the end of each session.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from conftest_kit.imports import swift_imports

_CLIENT = "prometheus_client"
_ALONE = "_conftest_kit_prometheus_client"
"""The name of a package with the client's modules and without its `__init__`."""


def parser() -> Any:
    """The client's module `parser`.

    Raises:
        ImportError: the client is not installed.
    """
    with swift_imports():
        if _CLIENT not in sys.modules:
            try:
                return _alone("parser")
            except Exception:  # noqa: BLE001 - modules that need their package, of whichever version
                _forget()
        return importlib.import_module(f"{_CLIENT}.parser")


def _alone(name: str) -> ModuleType:
    if _ALONE not in sys.modules:
        spec = importlib.util.find_spec(_CLIENT)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError(f"No package named {_CLIENT!r}", name=_CLIENT)
        package = ModuleType(_ALONE)
        package.__path__ = spec.submodule_search_locations
        sys.modules[_ALONE] = package
    return importlib.import_module(f"{_ALONE}.{name}")


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == _ALONE]:
        del sys.modules[name]
