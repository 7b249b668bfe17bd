"""What was otherwise while a case was green: what a memory would know of its last green run."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from conftest_kit.records import Environment
from corpus_memory_logging.records import Green
from orchestrator.checkout.edits import Edit
from orchestrator.classify import Context

_GREEN, _RED = "0" * 40, "1" * 40
"""Commits of a checkout that has none."""
_OTHER_DISTRIBUTIONS, _OTHER_FILES = 20, 10
"""Of a hundred: how many more are not what they were, where much changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Where environment and code of the green run are not those of the red one."""

    distributions: Mapping[str, str] = field(default_factory=dict)
    """Name to the version that was installed; empty where it was not."""
    python: str = ""
    """The version, where it was another."""
    variables: tuple[str, ...] = ()
    """Of the environment: set in one of the two and not in the other."""
    edits: tuple[Edit, ...] = ()
    """From the green run's code to that of the red one."""

    def remembered(self, context: Context) -> Context:
        """The context as it is where the memory holds the green run: all that is red passed in it,
        with another commit if the code was edited.
        """
        run = context.recording.run
        now = run.environment._replace(git=_state(_RED if self.edits else _GREEN))
        before = now._replace(
            git=_state(_GREEN),
            distributions=_changed(now.distributions, self.distributions),
            python={**now.python, "version": self.python or now.python.get("version", "")},
            variables=tuple(sorted({*now.variables} ^ {*self.variables})),
        )
        return replace(
            context,
            recording=context.recording._replace(run=run._replace(environment=now)),
            green=Green(
                run=run._replace(run_id="green", environment=before),
                passed=frozenset(failure.nodeid for failure in context.recording.failures),
            ),
            edits=self.edits,
        )

    def among_others(self, context: Context) -> Before:
        """The same, where a fifth of all distributions has been upgraded since, and a tenth of the
        Python files edited: which, their names decide.
        """
        run = context.recording.run
        upgraded = _some(run.environment.distributions, run.run_id, _OTHER_DISTRIBUTIONS)
        edited = _some(context.project.files, run.run_id, _OTHER_FILES)
        known = {edit.file for edit in self.edits}
        others = (Edit(file=file, parts=("",)) for file in edited if file not in known)
        return replace(
            self,
            distributions={**dict.fromkeys(upgraded, "0.0.1"), **self.distributions},
            edits=(*self.edits, *others),
        )


def between(green: Environment, red: Environment, edits: tuple[Edit, ...]) -> Before:
    """What two runs say of it; nothing of a Python that the red one says no more exactly."""
    names = {*green.distributions, *red.distributions}
    then, now = green.python.get("version", ""), red.python.get("version", "")
    return Before(
        distributions={
            name: green.distributions.get(name, "")
            for name in sorted(names)
            if green.distributions.get(name) != red.distributions.get(name)
        },
        python="" if f"{then}.".startswith(f"{now}.") or not now else then,
        variables=tuple(sorted({*green.variables} ^ {*red.variables})),
        edits=edits,
    )


def to_json(before: Before) -> dict[str, Any]:
    """Without what is empty."""
    edits = [{key: value for key, value in asdict(one).items() if value} for one in before.edits]
    document = {**asdict(before), "edits": edits}
    return {key: value for key, value in document.items() if value}


def from_json(document: Mapping[str, Any]) -> Before:
    """As `to_json` wrote it.

    Raises:
        TypeError, ValueError, KeyError: it is not of that form.
    """
    return Before(
        distributions=document.get("distributions", {}),
        python=document.get("python", ""),
        variables=tuple(document.get("variables", ())),
        edits=tuple(
            Edit(
                file=one["file"],
                state=one.get("state", "changed"),
                parts=tuple(one.get("parts", ())),
                gone=tuple(one.get("gone", ())),
            )
            for one in document.get("edits", ())
        ),
    )


def _some(names: Iterable[str], seed: str, percent: int) -> list[str]:
    return [name for name in names if zlib.crc32(f"{seed} {name}".encode()) % 100 < percent]


def _state(commit: str) -> dict[str, Any]:
    return {"commit": commit, "dirty": False}


def _changed(now: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    return {name: version for name, version in {**now, **before}.items() if version}
