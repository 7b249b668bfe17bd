"""What can go wrong in the orchestrator, and the exit status of each.

OrchestratorError           70, a bug of ours
├── UsageProblem            64
├── UnreadableInput         65
│   ├── Refused
│   └── UnfinishedRun
├── MemoryUnreachable       69
├── Undelivered             69
└── Unanswered              69
    └── OverBudget
"""

from __future__ import annotations

from typing import ClassVar


class OrchestratorError(Exception):
    """The root. The message names the thing, its value and the remedy, and is shown to the user."""

    exit_code: ClassVar[int] = 70


class UsageProblem(OrchestratorError):
    """The command line or a setting asks for something that cannot be done."""

    exit_code = 64


class UnreadableInput(OrchestratorError):
    """What is named (a run, a metrics file) is not there or cannot be read."""

    exit_code = 65


class UnfinishedRun(UnreadableInput):
    """A run that is still going on; later it can be read."""


class MemoryUnreachable(OrchestratorError):
    """The memory cannot be opened, read or written."""

    exit_code = 69


class Refused(UnreadableInput):
    """A server that we send to does not take this content, and never will."""


class Undelivered(OrchestratorError):
    """A server that we send to cannot be reached, or has no time for us."""

    exit_code = 69


class Unanswered(OrchestratorError):
    """The model's server gave no answer that can be used, and will give none in this review."""

    exit_code = 69


class OverBudget(Unanswered):
    """A question would cost more than is left of what the user allows."""
