"""Whether the files of a test are what they were in the green run, where no commit tells."""

from __future__ import annotations

from datetime import datetime

from conftest_kit.records import Run
from orchestrator.classify.facts import Facts


def is_same_place(facts: Facts) -> bool:
    """Whether both runs were of the same folder of the same machine."""
    green, now = facts.context.green, facts.context.recording.run
    before = green.run if green else None
    return before is not None and bool(now.host) and _place(before) == _place(now)


def _place(run: Run) -> tuple[str, str]:
    return run.host, run.root


def has_same_files(facts: Facts) -> bool:
    """Whether the files of the test, and those of the project that these import, were written
    before the green run, of the same commit or of none, and nothing else is known to be edited.
    """
    green, now = facts.context.green, facts.context.recording.run
    if green is None or not is_same_place(facts) or facts["edited"]:
        return False
    commits = (run.environment.git.get("commit") for run in (green.run, now))
    if len({one or "" for one in commits}) > 1:
        return False
    try:
        began = datetime.fromisoformat(green.run.started).timestamp()
    except ValueError:
        return False
    written = [facts.context.project.written(file) for file in _files(facts)]
    return all(one is not None and one < began for one in written)


def _files(facts: Facts) -> set[str]:
    project, test = facts.context.project, facts["test_file"]
    conftests = (
        file
        for file in project.files
        if file.rpartition("/")[2] == "conftest.py"
        and test.startswith(file.removesuffix("conftest.py"))
    )
    own = (one.file for one in facts.frames if one.origin in ("project", "test"))
    settings = [project.settings_file] if project.settings_file else []
    return {*project.sources_near({test, *own, *conftests}), *settings}
