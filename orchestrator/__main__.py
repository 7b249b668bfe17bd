"""Starts the command; where its packages are missing, another one on PATH, else names the extra.

Standard library only: an environment that has the kit alone has this module too.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# Import names of the `orchestrator` extra that the command cannot start without.
_EXTRA = frozenset({"click", "rich", "jinja2", "sqlite_utils", "packaging", "detect_secrets"})


def main() -> None:
    """The console script `orchestrator`."""
    try:
        from orchestrator.cli import main as command  # noqa: PLC0415
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        _hand_over()
        sys.exit(_missing_extra(missing))
    command()


def _hand_over() -> None:
    """Become the `orchestrator` that comes later on PATH: the tool that pipx or uv installed."""
    own = str(Path(sys.argv[0]).absolute().parent)
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if own not in folders:  # python -m orchestrator: this environment is meant
        return
    later = os.pathsep.join(folders[folders.index(own) + 1 :])
    if other := shutil.which("orchestrator", path=later):
        os.execv(other, [other, *sys.argv[1:]])  # noqa: S606 - found on the user's own PATH


def _missing_extra(module: str) -> int:
    print(
        f"orchestrator: the package {module!r} is not installed here ({sys.executable}). Install"
        " the command as a tool, or its packages here:\n\n"
        '    pipx install "conftest-kit[orchestrator]"\n'
        '    pip install "conftest-kit[orchestrator]"\n',
        file=sys.stderr,
    )
    return 64


if __name__ == "__main__":
    main()
