"""What a case keeps of a run: its files, compact, and without what names a machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from conftest_kit import rundir
from conftest_kit.records import Attempt, Failure, Frame, Raised, Recording, Run, to_json
from conftest_kit.texts import bounded
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source, module_name
from orchestrator.evaluate import checkout as form
from orchestrator.evaluate.before import Before
from orchestrator.evaluate.before import to_json as before_json
from orchestrator.evaluate.cases import GREEN_FILE, LABEL_FILE, PROJECT_FILE

MAX_TEXT = 2048
MAX_MESSAGE = 8192
"""Rules read 4 KiB of a message."""
_STARTED, _FINISHED = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:10.000000Z"
_OWN = ("project", "test")
_WORD = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"'([\w.]{1,300})'")
_HALF_IMPORTED = "partially initialized module"


def documents(
    recording: Recording,
    project: Project,
    *,
    name: str,
    label: Mapping[str, Any],
    before: Before | None,
) -> dict[str, Sequence[Any]]:
    """The files of a case and the JSON documents that are their lines; redacted, the caller
    promises. What was otherwise `before` is left out where it is not known.
    """
    own = {frame.file for frame in frames_of(recording.failures) if frame.origin in _OWN}
    for failure in recording.failures:
        own.add(failure.nodeid.partition("::")[0])
        own.update(fixture.file for fixture in failure.fixtures if fixture.origin in _OWN)
    own.update(file for file in project.files if file.rpartition("/")[2] == "conftest.py")
    near, named = project.sources_near(sorted(own)).items(), _Named.of(recording)
    sources = {file: _kept(file, source, named) for file, source in near}
    said = form.to_json(replace(project, sources=sources))
    records = [
        *({"$record": "start", "nodeid": nodeid} for nodeid in recording.in_flight),
        *({"$record": "attempt", **to_json(one)} for one in telling_attempts(recording)),
        *({"$record": "failure", **to_json(compact(one))} for one in recording.failures),
    ]
    return {
        rundir.RUN_FILE: [{"$record": "run", **to_json(neutral_run(recording.run, name))}],
        rundir.RECORDS_FILE: records,
        rundir.DISTRIBUTIONS_FILE: [[to_json(one) for one in recording.distributions]],
        PROJECT_FILE: [said],
        LABEL_FILE: [label],
        **({GREEN_FILE: [before_json(before)]} if before else {}),
    }


class _Named(NamedTuple):
    """What the exceptions of a run name."""

    words: frozenset[str]
    quoted: frozenset[str]
    """What stands in quotes; modules do."""
    is_half: bool
    """Whether a package was half imported."""

    @classmethod
    def of(cls, recording: Recording) -> _Named:
        """Looks through them once."""
        links = (link for one in recording.failures for link in one.exceptions)
        messages = {link.message[:MAX_MESSAGE] for link in links}
        return cls(
            words=frozenset(word for message in messages for word in _WORD.findall(message)),
            quoted=frozenset(name for message in messages for name in _QUOTED.findall(message)),
            is_half=any(_HALF_IMPORTED in message for message in messages),
        )


def _kept(file: str, source: Source, named: _Named) -> Source:
    """Without what there is to ask of each file, which would make a case many times as large: all
    of it, but for the classes and functions that an exception names, and what packages bind where
    one was half imported.
    """
    is_named = module_name(file) in named.quoted
    holds = {
        key: names
        for key, names in source.holds.items()
        if (key.partition(".")[0].removesuffix("()") in named.words if key else is_named)
    }
    return replace(source, holds=holds, mentions={}, binds=source.binds if named.is_half else ())


def contents(documents: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """The texts of these files."""
    return {
        name: json.dumps(many[0], indent=1, ensure_ascii=False) + "\n"
        if name == LABEL_FILE
        else "".join(line(one) for one in many)
        for name, many in documents.items()
    }


def neutral_run(run: Run, name: str) -> Run:
    """The run under another id, without what says who ran it where and when."""
    environment = run.environment._replace(
        git={},
        ci={},
        platform={k: v for k, v in run.environment.platform.items() if k != "release"},
        variables=tuple(
            one for one in run.environment.variables if not one.startswith("CONFTEST_KIT_")
        ),
    )
    return run._replace(
        run_id=name,
        started=_STARTED,
        finished=_FINISHED,
        pid=None,
        host="",
        artifacts=(),
        environment=environment,
    )


def telling_attempts(recording: Recording) -> Iterator[Attempt]:
    """Those that did not simply pass; how many did is in `run.json`."""
    failed = {failure.nodeid for failure in recording.failures}
    for attempt in recording.attempts:
        if attempt.outcome != "passed" or attempt.nodeid in failed:
            reason = bounded(attempt.reason, MAX_TEXT)
            yield attempt._replace(started="", durations={}, reason=reason)


def compact(failure: Failure) -> Failure:
    """Without what pytest rendered of an exception: it shows whole functions of the project."""
    return failure._replace(
        time="",
        message=bounded(failure.message, MAX_MESSAGE),
        text="" if failure.exceptions else bounded(failure.text, MAX_TEXT),
        exceptions=tuple(map(_raised, failure.exceptions)),
        captured={name: bounded(text, MAX_TEXT) for name, text in failure.captured.items()},
    )


def _raised(raised: Raised) -> Raised:
    return raised._replace(
        message=bounded(raised.message, MAX_MESSAGE),
        members=tuple(tuple(map(_raised, chain)) for chain in raised.members),
    )


def frames_of(failures: Iterable[Failure]) -> Iterator[Frame]:
    """All frames of all exceptions."""
    for failure in failures:
        yield from _chain_frames(failure.exceptions)


def _chain_frames(chain: Iterable[Raised]) -> Iterator[Frame]:
    for raised in chain:
        yield from raised.frames
        for member in raised.members:
            yield from _chain_frames(member)


def line(document: Any) -> str:
    """A document as one line of JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
