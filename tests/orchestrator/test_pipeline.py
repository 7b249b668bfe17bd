"""Findings from recorded runs to the report, the memory and the gate, by the real commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from conftest_kit import rundir
from conftest_kit.settings import load

_AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org")
TESTS = "def test_one():\n    pass\n\ndef test_two():\n    pass\n"


class Project:
    """A project whose runs the kit records and the command reviews."""

    def __init__(self, root, options):
        self.root = root
        self.options = options
        (root / "pyproject.toml").write_text(
            '[project]\nname = "shop"\n[tool.pytest.ini_options]\n'
        )
        (root / "test_it.py").write_text(TESTS)

    def call(self, *words, status=0):
        """What a module of ours prints."""
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def run(self, *, status=0, **changed):
        """Run the tests; what the record and its metrics say of the run is changed afterwards."""
        self.call("pytest", "-q", "-p", "conftest_kit", *self.options, status=status)
        path = rundir.runs(self.root / "logs")[0] / "run.json"
        document = json.loads(path.read_text())
        if seconds := changed.pop("seconds", None):
            began = datetime.fromisoformat(document["started"])
            changed["finished"] = (began + timedelta(seconds=seconds)).isoformat()
        path.write_text(json.dumps({**document, **changed}))
        return document["run_id"]

    def review(self, *words, status=0):
        """The review of the latest run, as JSON."""
        return json.loads(
            self.call("orchestrator", "review", *words, "--format", "json", status=status)
        )


@pytest.fixture
def project(tmp_path, left_out):
    """A project that was never run."""
    return Project(tmp_path, left_out)


def test_a_green_run_with_nothing_off(project):
    """Says no more than that."""
    project.run()

    assert project.review()["findings"] == []


def test_a_green_run_with_findings_says_so(project):
    """In the first line below the head, with what to do; the exit status stays 0."""
    project.run(coverage_percent=41.5)
    text = project.call("orchestrator", "review")

    assert "nothing failed, 1 finding\n" in text
    assert "coverage: coverage is 41.50 %, below 80 % (new)" in text
    assert "$ coverage report --show-missing" in text
    markdown = project.call("orchestrator", "review", "--format", "markdown")
    assert markdown.startswith("## Test run: nothing failed, 1 finding\n")


def test_a_gate_on_findings(project):
    """By their kinds, as by categories."""
    project.run(coverage_percent=41.5)

    project.review("--fail-on", "coverage,runtime", status=80)
    project.review("--fail-on", "runtime,network")


def test_against_what_the_memory_holds(project):
    """Coverage and run time; reviewing again finds the same and stores nothing."""
    earlier = [project.run(coverage_percent=90.0, seconds=20) for _ in range(3)]
    for run_id in earlier:
        project.call("orchestrator", "review", run_id)
    project.run(coverage_percent=85.0, seconds=60)
    first, again = project.review(), project.review()

    assert [(one["kind"], one["text"]) for one in first["findings"]] == [
        ("coverage", "coverage dropped by 5.00 points, from 90.00 to 85.00 %"),
        ("runtime", "the run took 60.0 s, 3.0 times the 20.0 s that comparable runs took"),
    ]
    assert first["findings"][0]["known"] is False
    assert again["findings"] == first["findings"]
    listed = json.loads(project.call("orchestrator", "stats", "findings", "--format", "json"))
    assert {(one["kind"], one["occurrences"]) for one in listed} == {
        ("coverage", 1),
        ("runtime", 1),
    }


SIZED = """
import time, pytest
@pytest.mark.small(timeout=0.01)
def test_slow(): time.sleep(0.02)
@pytest.mark.medium(timeout=2)
def test_near(): time.sleep(1.65)
@pytest.mark.large
@pytest.mark.parametrize("number", range(8))
def test_large(number): pass
"""


def test_sizes_come_from_the_record(project):
    """Of any run, with the tests that are too slow."""
    (project.root / "test_sized.py").write_text(SIZED)
    old = project.run()
    project.run()
    found = project.review(old)["findings"]
    evidence = {one["kind"]: one["evidence"] for one in found}

    assert list(evidence) == ["timing_violation", "near_limit", "sizes"]
    (slow,), (near,) = evidence["timing_violation"], evidence["near_limit"]
    assert re.fullmatch(r"test_sized.py::test_slow: 0\.\d\d s, 0\.01 s allowed", slow)
    assert re.fullmatch(r"test_sized.py::test_near: 1\.\d\d s, 2 s allowed", near)
    assert evidence["sizes"][-1] == "large: 8 of 10 sized tests, 8 too many"


def test_what_is_in_the_metrics_alone_is_judged_for_the_same_run(project):
    """Of another run it is missing, which is said."""
    old = project.run()
    project.run()
    metrics_file = load(project.root, {}).metrics_file
    with metrics_file.open("a") as file:
        file.write('pytest_coverage_module_percent{module="a.py"} 50\n')

    (warning,) = [one for one in project.review(old)["warnings"] if "not judged" in one]
    assert warning.startswith("not judged: coverage by module; the metrics file is of run ")
    assert not any("not judged" in one for one in project.review()["warnings"])


def test_a_disagreement_comes_first_and_names_its_sources(project):
    """Loudly: nothing else may be right then."""
    project.run(counts={"passed": 3}, coverage_percent=1.0)
    text = project.call("orchestrator", "review")
    found = project.review("--fail-on", "capture", status=80)["findings"]

    assert [one["kind"] for one in found] == ["capture", "capture", "coverage"]
    assert found[0]["evidence"] == ["passed: 2 in records.ndjson, 3 in run.json"]
    assert found[1]["evidence"] == ["passed: 2 in pytest_metrics.prom, 3 in the record"]
    assert text.index("finding  capture") < text.index("finding  coverage")


def test_a_memory_that_differs_is_named(project):
    """The run was remembered before its record was changed."""
    run_id = project.run()
    project.review()
    folder = rundir.runs(project.root / "logs")[0]
    records = folder / "records.ndjson"
    records.write_text(records.read_text().replace('"outcome":"passed"', '"outcome":"failed"', 1))
    document = json.loads((folder / "run.json").read_text())
    document |= {"counts": {"passed": 1, "failed": 1}, "pytest_counts": None}
    (folder / "run.json").write_text(json.dumps(document))
    for _ in range(2):
        found = [one for one in project.review(run_id)["findings"] if "the memory" in one["text"]]

    assert found[0]["evidence"] == [
        "failed: 0 in the memory, 1 in the record",
        "passed: 2 in the memory, 1 in the record",
        "tests failed: 0 in the memory, 1 in records.ndjson",
        "tests passed: 2 in the memory, 1 in records.ndjson",
    ]
    listed = json.loads(
        project.call("orchestrator", "stats", "findings", "--kind", "capture", "--format", "json")
    )
    assert [one["occurrences"] for one in listed] == [1]


def test_a_reviewer_decides_of_a_finding(project):
    """It is recalled; one to be ignored comes last."""
    project.run(coverage_percent=41.5)
    finding = project.review()["findings"][0]
    remedy = "Generated code is not to be covered."
    said = project.call(
        "orchestrator", "resolve", finding["finding_id"][:8], "--accept", remedy, "--ignore"
    )
    project.run(coverage_percent=41.0, counts={"passed": 3})
    later = project.review()["findings"]
    shown = project.call("orchestrator", "show", finding["finding_id"])
    ignored = project.call("orchestrator", "stats", "findings", "--status", "ignored")
    refused = project.call("orchestrator", "stats", "findings", "--kind", "sizes")

    assert said == f"finding {finding['finding_id']} is ignored: {finding['text']}\n"
    assert [one["status"] for one in later] == ["open", "open", "ignored"]
    assert later[-1]["suggestions"][0]["text"] == remedy
    assert shown.startswith(f"finding {finding['finding_id']}\n")
    assert finding["finding_id"] in ignored
    assert refused == ""


def test_suggestions_for_findings_are_listed(project):
    """Beside those for causes."""
    project.run(coverage_percent=41.5)
    finding = project.review()["findings"][0]
    rows = json.loads(
        project.call("orchestrator", "suggestions", "--kind", "coverage", "--format", "json")
    )

    assert [row["finding_id"] for row in rows] == [finding["finding_id"]]
    assert rows[0]["title"] == finding["text"]


def test_the_totals_are_beside_the_metrics(project):
    """By `review`, once however often; without a memory there are none."""
    (project.root / "test_it.py").write_text("def test_red():\n    assert 0\n")
    project.run(status=1)
    path = project.root / "monitoring" / "pytest_causes.prom"
    (project.root / "no-memory").mkdir()
    project.call("orchestrator", "review", "--memory", "no-memory", status=69)
    assert not path.exists()

    project.review()
    content = path.read_text()
    project.review()
    assert 'pytest_test_failures_by_category_total{category="assertion"} 1.0' in content
    assert path.read_text() == content


def test_without_a_memory_findings_have_their_ids_all_the_same(project):
    """Nothing is recalled."""
    project.run(coverage_percent=41.5)
    (project.root / "no-memory").mkdir()
    alone = project.review("--memory", "no-memory", status=69)["findings"]

    assert alone == project.review()["findings"]


def _commit(project, message):
    (project.root / ".gitignore").write_text("/site-packages\n/logs\n/monitoring\n*cache*\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", message]):
        subprocess.run(["git", *_AUTHOR, *words], cwd=project.root, check=True)


def test_what_changed_since_the_test_passed(project):
    """The same commit, another version of what it uses: not the product is wrong."""
    site = project.root / "site-packages"
    (project.root / "conftest.py").write_text(f"import sys\nsys.path.insert(0, {str(site)!r})\n")
    (project.root / "test_it.py").write_text(
        "import rates\n\ndef test_vat():\n    assert rates.vat('DE') == 19\n"
    )
    _commit(project, "first")

    def install(version, value):
        for folder in site.glob("*"):
            shutil.rmtree(folder)
        for name, text in {
            "rates/__init__.py": f"def vat(country):\n    return {value}\n",
            f"rates-{version}.dist-info/METADATA": f"Name: rates\nVersion: {version}\n\n",
            f"rates-{version}.dist-info/top_level.txt": "rates\n",
        }.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text)

    install("1.4", 19)
    green = project.run()
    project.review()
    install("2.0", 16)
    project.run(status=1)
    (cause,) = project.review()["causes"]

    assert cause["category"] == "compatibility"
    assert cause["culprit"] == {"type": "distribution", "name": "rates", "version": "2.0"}
    assert f"Changed since run {green}, in which it passed: rates 1.4 → 2.0" in cause["evidence"]
    assert cause["suggestions"][0]["commands"] == ["pip install rates==1.4"]


def test_what_was_edited_since_the_test_passed(project):
    """A fixture gives another value: neither the product nor its test is wrong."""
    conftest = project.root / "conftest.py"
    conftest.write_text("import pytest\n\n@pytest.fixture\ndef rate():\n    return 19\n")
    (project.root / "test_it.py").write_text("def test_vat(rate):\n    assert rate == 19\n")
    _commit(project, "first")
    project.run()
    project.review()
    conftest.write_text(conftest.read_text().replace("19", "16"))
    project.run(status=1)
    (uncommitted,) = project.review()["causes"]
    _commit(project, "second")
    project.run(status=1)
    (committed,) = project.review()["causes"]

    for cause in (uncommitted, committed):
        assert cause["category"] == "fixture"
        assert cause["culprit"] == {"type": "fixture", "name": "rate", "version": None}
        assert cause["evidence"][-1].endswith("may come from: `rate` in conftest.py")

    words = ("--category", "fixture", "--culprit", "fixture:rate", "--note", "the rate fell")
    project.call("orchestrator", "resolve", committed["cause_id"], *words)
    case = project.call("orchestrator", "rules", "add-case", committed["cause_id"]).strip()
    kept = json.loads((project.root / case / "green.json").read_text())

    assert kept["edits"] == [{"file": "conftest.py", "parts": ["rate"], "state": "changed"}]


def test_tests_that_no_longer_run_are_found_though_nothing_is_red(project):
    """One file is skipped for what is not installed, of another a test is gone."""
    helper = project.root / "helper.py"
    helper.write_text("")
    skipping = "import pytest\nhelper = pytest.importorskip('helper')\ndef test_it():\n    pass\n"
    (project.root / "test_skipping.py").write_text(skipping)
    project.run()
    project.review()
    helper.unlink()
    (project.root / "test_it.py").write_text("def test_one():\n    pass\n")
    project.run()

    found = {one["kind"]: one["text"] for one in project.review()["findings"]}

    assert found == {
        "newly_skipped": "1 test that ran before is skipped: could not import 'helper': "
        "No module named 'helper'",
        "vanished": "1 test of test_it.py that ran before did not run",
    }
    project.review("--fail-on", "vanished", status=80)


def test_a_tear_down_that_fails_after_its_test_is_told(project):
    """It is no cause of its own, and not kept quiet: it may leave something for other tests."""
    (project.root / "test_it.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef till():\n    yield\n"
        "    raise RuntimeError('cannot close the till')\n\n"
        "def test_one(till):\n    assert 1 == 2\n"
    )
    project.run(status=1)

    (cause,) = project.review()["causes"]
    assert cause["title"].startswith("AssertionError")
    assert any("RuntimeError: cannot close the till" in said for said in cause["evidence"])


def test_what_was_a_part_of_a_cause_is_not_new_by_itself(project):
    """Two checks were told as one; when the one is mended, the other was there before."""
    shop = project.root / "shop"
    shop.mkdir()
    (shop / "__init__.py").write_text("def price(of):\n    return of + 1\n")
    passing = "".join(f"def test_{number}():\n    pass\n" for number in range(4))
    for name, number in (("a", 9), ("b", 8)):
        check = f"def test_it():\n    found = shop.price({number})\n    assert found is None\n"
        (project.root / f"test_{name}.py").write_text(f"import shop\n\n{check}{passing}")
    project.run(status=1)
    (both,) = project.review()["causes"]
    (project.root / "test_a.py").write_text(passing)
    project.run(status=1)
    (left,) = project.review()["causes"]

    assert (len(both["failures"]), both["known"]) == (2, False)
    assert (len(left["failures"]), left["known"]) == (1, True)
