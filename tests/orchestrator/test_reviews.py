"""The ways into a review that need no recorded run."""

from __future__ import annotations

import pytest

from conftest_kit.settings import load
from corpus_memory_logging.records import Review
from orchestrator import review_test_outcomes, reviews
from orchestrator.errors import UnreadableInput


@pytest.fixture
def metrics_file(tmp_path):
    """Writes the metrics file of a project."""

    def write(text):
        path = tmp_path / "monitoring" / "pytest_metrics.prom"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pytest_test_failures_total 2\n", ["2 failures counted in total"]),
        ("pytest_test_failures_total 1e+06\n", ["1000000 failures counted in total"]),
        ("pytest_test_failures_total 0\n", []),
        ("pytest_test_passes_total 7\n", []),
    ],
)
def test_review_test_outcomes_of_a_file_alone(metrics_file, text, expected):
    """The predecessor's call counts what a file without a record counts, and says no more."""
    found = review_test_outcomes(metrics_file(text))

    assert [text.partition(",")[0] for text in found] == expected


def test_review_test_outcomes_without_a_file(tmp_path):
    """No file, nothing to do."""
    assert review_test_outcomes(tmp_path / "none.prom") == []


def test_review_test_outcomes_of_a_recorded_run(pytester):
    """Where the run was recorded the call gives its suggestions, as a review does."""
    pytester.makeini("[pytest]\n")
    pytester.makepyfile("import a_module_that_is_not_there\n")
    pytester.runpytest_subprocess("-p", "conftest_kit")

    found = review_test_outcomes(pytester.path / "monitoring" / "pytest_metrics.prom")

    assert len(found) == 1
    assert "a_module_that_is_not_there" in found[0]


def test_latest_without_a_run_or_metrics_is_unreadable(tmp_path):
    """Nothing recorded and nothing counted is said, with what to do."""
    settings = load(tmp_path, {})

    with pytest.raises(UnreadableInput, match="run"):
        list(reviews.of_named("latest", settings=settings, store=None, now=None))


def test_latest_of_metrics_alone(tmp_path, metrics_file):
    """A count without a record becomes a review that is honest about what it does not know."""
    metrics_file("pytest_test_failures_total 2\n")

    review = list(reviews.of_named("latest", settings=load(tmp_path, {}), store=None, now=None))[-1]

    assert isinstance(review, Review)
    assert review.causes[0].verdict.category == "unknown"
    assert review.causes[0].suggestions[0].commands == ("orchestrator run -- pytest",)
