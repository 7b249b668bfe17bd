"""Starts the command; names the extra where its packages are missing. Standard library only."""

from __future__ import annotations

import sys

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
        sys.exit(_missing_extra(missing))
    command()


def _missing_extra(module: str) -> int:
    print(
        f"orchestrator: the package {module!r} is not installed here ({sys.executable}). Install"
        ' the command\'s own packages:\n\n    pip install "conftest-kit[orchestrator]"\n',
        file=sys.stderr,
    )
    return 64


if __name__ == "__main__":
    main()
