"""Reviews to render: a red one as users meet it, a green one, and any that hypothesis builds."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import strategies as st

from conftest_kit.records import Environment, Failure, Frame, Raised, Recording, Run
from corpus_memory_logging.records import (
    CATEGORIES,
    FINDING_KINDS,
    Cause,
    Culprit,
    Finding,
    Remembered,
    Review,
    Success,
    Suggestion,
    Verdict,
)

RUN = Run(
    run_id="20251121T101500.123456Z-1a2b3c4d",
    project="shop",
    state="complete",
    started="2025-11-21T10:15:00.123456+00:00",
    finished="2025-11-21T10:15:12.423456+00:00",
    exit_code=1,
    command=("pytest", "-q"),
    counts={"passed": 120, "failed": 44, "error": 3, "skipped": 2},
    pytest_counts={"passed": 120, "failed": 44, "error": 3, "skipped": 2},
    environment=Environment(
        python={"version": "3.11.4"},
        platform={"system": "Linux"},
        git={"commit": "0d70142" * 5, "branch": "main", "dirty": True},
    ),
)
HEADING = (
    "run 20251121T101500.123456Z-1a2b3c4d · 2 minutes ago · "
    "commit 0d701420d7 on main, with uncommitted changes"
)


def missing_dependency() -> Cause:
    """A module that is not installed: one collection error and the tests behind it."""
    raised = Raised(
        type="ModuleNotFoundError",
        bases=("ImportError", "Exception", "BaseException"),
        message="No module named 'yaml'",
        attributes={"name": "yaml"},
        frames=(
            Frame(file="tests/test_config.py", line=3, function="<module>", origin="test"),
            Frame(file="src/shop/config.py", line=7, function="<module>", source="import yaml"),
        ),
    )
    return Cause(
        cause_id="5b1f0c7a9e2d4c11",
        signature="reason-v1:9f3c21",
        title="ModuleNotFoundError: No module named 'yaml'",
        verdict=Verdict(
            category="missing_dependency",
            kind="distribution",
            culprit=Culprit(type="distribution", name="PyYAML"),
            confidence=0.97,
            evidence=(
                "ModuleNotFoundError names the module 'yaml'",
                "PyYAML provides 'yaml' and is not among the 38 installed distributions",
                "the project does not declare PyYAML in pyproject.toml",
            ),
            rule="missing-module@1",
        ),
        failures=(
            Failure(
                nodeid="tests/test_config.py",
                phase="collect",
                message="No module named 'yaml'",
                exceptions=(raised,),
            ),
            *(
                Failure(
                    nodeid=f"tests/shop/test_orders.py::TestOrders::test_total[{number}]",
                    phase="call",
                    message="No module named 'yaml'",
                    exceptions=(raised,),
                )
                for number in range(41)
            ),
        ),
        suggestions=(
            Suggestion(
                text="Install PyYAML, which provides the module yaml, and declare it in "
                "pyproject.toml so that every environment has it.",
                commands=("uv add PyYAML",),
                confidence=0.95,
                origin="missing-module@1",
                checklist="Guard what is optional with pytest.importorskip('yaml').",
            ),
        ),
        prevented=tuple(f"tests/test_config.py::test_{number}" for number in range(12)),
    )


def compatibility() -> Cause:
    """A known cause, with a reviewer's decision and what changed since the last green run."""
    return Cause(
        cause_id="a7710d93c2b54e08",
        signature="reason-v1:77ab02",
        title="AttributeError: module 'numpy' has no attribute 'float'.\n"
        "`np.float` was a deprecated alias for the builtin `float`.",
        verdict=Verdict(
            category="compatibility",
            kind="api_removed",
            culprit=Culprit(type="distribution", name="numpy", version="2.3.0"),
            confidence=0.81,
            evidence=("numpy 1.26.4 → 2.3.0 since the last green run",),
            rule="numpy-2-removed-alias@3",
        ),
        failures=(
            Failure(
                nodeid="tests/test_price.py::test_rounding",
                phase="setup",
                exceptions=(
                    Raised(
                        type="AttributeError",
                        frames=(
                            Frame(
                                file="src/shop/price.py",
                                line=41,
                                function="rounded",
                                source="return np.float(price).round(2)",
                            ),
                        ),
                    ),
                ),
            ),
        ),
        suggestions=(
            Suggestion(
                text="Use float instead of np.float.",
                source="reviewer",
                success=Success(judged=9, green=7),
                status="accepted",
                confidence=0.99,
            ),
            Suggestion(
                text="Pin numpy below 2 until the code is ported.",
                commands=('uv add "numpy<2"',),
                confidence=0.6,
            ),
        ),
        remembered=Remembered(
            first_seen="2025-11-03T08:00:00+00:00",
            last_seen="2025-11-19T08:00:00+00:00",
            occurrences=3,
            status="resolved",
            note="The port is tracked by the platform team.",
            fix="4be1d20",
        ),
    )


def unknown() -> Cause:
    """A cause that no rule explains."""
    return Cause(
        cause_id="0c9d8e7f6a5b4c3d",
        signature="reason-v1:000abc",
        title="assert 3 == 4",
        verdict=Verdict(
            category="unknown",
            kind="",
            culprit=None,
            confidence=0.0,
            evidence=("no rule fired on 'assert 3 == 4'",),
            rule="",
        ),
        failures=(
            Failure(
                nodeid="tests/test_math.py::test_sum",
                phase="call",
                subtest="n=3",
                message="assert 3 == 4",
            ),
        ),
        suggestions=(Suggestion(text="Look at the values in the assertion of test_sum."),),
    )


@pytest.fixture
def red() -> Review:
    """44 failures of three causes, a finding and a warning."""
    return Review(
        recording=Recording(run=RUN),
        causes=(missing_dependency(), compatibility(), unknown()),
        findings=(
            Finding(
                kind="capture",
                text="The metrics file describes another run.",
                evidence=("pytest_run_info names 20251120T000000.000000Z-00000000",),
            ),
        ),
        warnings=("htmlcov/ was left out of the archive: 61 MB is more than its limit of 50 MB",),
        archive="logs/archive/20251121T101500.123456Z-1a2b3c4d.tar.gz",
        notes=(HEADING, "the run is of commit 0d701420d7, the working tree is at 1111111111"),
    )


@pytest.fixture
def green() -> Review:
    """A run in which nothing failed."""
    run = Run(
        run_id=RUN.run_id,
        state="complete",
        started=RUN.started,
        finished=RUN.finished,
        exit_code=0,
        counts={"passed": 164, "skipped": 2},
        environment=RUN.environment,
    )
    return Review(recording=Recording(run=run), notes=(HEADING,))


@pytest.fixture(scope="session")
def reviews() -> st.SearchStrategy[Review]:
    """Any review whose texts are anything at all, escapes and surrogates among them."""
    nasty = st.sampled_from(
        [
            "\x1b]0;title\x07",
            "\x1b[2J\x9b1m",
            "[red]x[/red]",
            "| a | `b` | ``` |",
            "<script>alert(1)</script>",
            "![x](https://example.org/x.png)",
            "\u202etxt.exe",
            "\udcff",
            "a\nb\r\nc",
            "{{ 7 * 7 }}{% for %}",
        ]
    )
    texts = st.one_of(nasty, st.text(max_size=30))
    some = st.lists(texts, max_size=3).map(tuple)
    confidence = st.floats(0, 1)
    # `partial`, because of a named tuple hypothesis fills what has a default too.
    failures = st.builds(
        partial(Failure),
        nodeid=texts,
        phase=st.sampled_from(
            ["setup", "call", "teardown", "collect", "crash", "internal", "start"]
        ),
        subtest=st.none() | texts,
        message=texts,
        exceptions=st.lists(
            st.builds(
                partial(Raised),
                type=texts,
                frames=st.lists(
                    st.builds(
                        partial(Frame),
                        file=texts,
                        line=st.integers(0, 9),
                        function=texts,
                        source=texts,
                    ),
                    max_size=2,
                ).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
    )
    suggestions = st.builds(
        Suggestion,
        text=texts,
        commands=some,
        source=st.sampled_from(["rule", "reviewer", "model"]),
        confidence=confidence,
        status=st.sampled_from(["proposed", "accepted", "rejected", "worked", "failed"]),
        origin=texts,
        checklist=st.none() | texts,
        success=st.none() | st.builds(Success, judged=st.integers(5, 99), green=st.integers(0, 99)),
    )
    causes = st.builds(
        Cause,
        cause_id=texts,
        signature=texts,
        title=texts,
        verdict=st.builds(
            Verdict,
            category=st.sampled_from(CATEGORIES),
            kind=texts,
            culprit=st.none()
            | st.builds(Culprit, type=texts, name=texts, version=st.none() | texts),
            confidence=confidence,
            evidence=some,
            rule=texts,
        ),
        failures=st.lists(failures, min_size=1, max_size=3).map(tuple),
        suggestions=st.lists(suggestions, max_size=3).map(tuple),
        remembered=st.none()
        | st.builds(
            Remembered,
            first_seen=texts,
            last_seen=texts,
            occurrences=st.integers(1, 9),
            status=st.sampled_from(["open", "resolved", "ignored"]),
            note=st.none() | texts,
            fix=st.none() | texts,
        ),
        prevented=some,
    )
    runs = st.builds(
        partial(Run),
        run_id=texts,
        project=texts,
        state=st.sampled_from(["complete", "interrupted", "died", "not_started"]),
        started=texts | st.just(RUN.started),
        finished=texts | st.just(RUN.finished),
        exit_code=st.none() | st.integers(0, 255),
        command=some,
        counts=st.just(RUN.counts) | st.just({}),
        pytest_counts=st.none() | st.just({"subtests passed": 3}),
        environment=st.builds(
            partial(Environment),
            python=st.just({}) | st.fixed_dictionaries({"version": texts}),
            git=st.just({}) | st.fixed_dictionaries({"commit": texts, "dirty": st.none()}),
        ),
    )
    return st.builds(
        Review,
        recording=st.builds(partial(Recording), run=runs, in_flight=some),
        causes=st.lists(causes, max_size=3).map(tuple),
        findings=st.lists(
            st.builds(
                Finding,
                kind=st.sampled_from(FINDING_KINDS),
                text=texts,
                evidence=some,
                suggestions=st.lists(suggestions, max_size=2).map(tuple),
                finding_id=texts,
            ),
            max_size=2,
        ).map(tuple),
        warnings=some,
        archive=st.none() | texts,
        notes=some,
    )
