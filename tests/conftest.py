"""What tests of every package share."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer():
    # For the session: fixtures of modules start pytest too.
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in os.environ:
            if name.startswith(
                ("CONFTEST_KIT_", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_XDIST_")
            ):
                monkeypatch.delenv(name)
        yield


@pytest.fixture(scope="session")
def unavailable() -> Callable[[str], NoReturn]:
    """Ends a test for want of something outside: skipped for a newcomer, failed in CI."""

    def end(reason: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason} (required in CI)", pytrace=False)
        pytest.skip(reason)

    return end


@pytest.fixture(scope="session")
def require_program(unavailable) -> Callable[[str, str], str]:
    """`require_program(name, debian_package)` gives the path of a program, else ends the test."""

    def find(name: str, debian_package: str) -> str:
        path = shutil.which(name)
        if path is None:
            unavailable(f"{name} is not installed; apt-get install {debian_package}")
        return path

    return find
