"""The one explanation of a run, an edit or a reviewer's word stands for what it touches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_causes import (
    HOST,
    LONG,
    TESTS,
    VARIABLE,
    blaming,
    cause_of,
    failed_check,
    file_of,
    in_context,
    seen_in,
    thrown_by,
    united,
    verdict_of,
)

from conftest_kit.records import (
    Distribution,
    Fixture,
)
from corpus_memory_logging.records import Culprit, Remembered
from orchestrator.causes.uniting import united as united_in
from orchestrator.checkout.source import Guard, Source

ABSENT = verdict_of(
    "missing_dependency", "extra", 0.94, Culprit(type="distribution", name="Brotli")
)


SHOWN = "tests/test_codes.py::Codes::test_load"


DEPENDS = "shop/near.py depends on `Brotli`"


AFTER = "its test names `Brotli`, and shop/near.py depends on it"


def _explained(nodeid=SHOWN, phase="call", verdict=ABSENT):
    cause = thrown_by(
        nodeid, "RuntimeError", "not there", "load", file="shop/codes.py", verdict=verdict
    )
    return replace(cause, failures=tuple(one._replace(phase=phase) for one in cause.failures))


@pytest.mark.parametrize(
    ("nodeid", "line", "why"),
    [
        ("tests/test_near.py::test_size", "assert size() == 3", DEPENDS),
        ("tests/test_near.py::test_size", "assert found == 3", DEPENDS),
        ("tests/test_near.py::test_size", "assert price() == 3", ""),
        ("tests/test_near.py::TestBrotli::test_size", "assert price() == 3", AFTER),
        ("tests/test_other.py::test_brotli_too", "assert found == 3", ""),
        ("tests/test_other.py::test_embrotlied", "assert found == 3", ""),
        ("tests/test_codes.py::Codes::test_size", "assert found == 3", ""),
        ("tests/test_other.py::test_size", "assert brotli == 3", ""),
    ],
)
def test_the_one_explanation_of_a_run_is_that_of_what_it_touches(nodeid, line, why):
    """What the check calls does without what is absent; where it calls nothing, or is called after
    that, the file of the tests does. To stand beside it is nothing, nor is a word of that name.
    """
    sources = {
        "tests/test_near.py": Source(
            imports={"size": "shop.near.size", "price": "shop.price.price"}
        ),
        "shop/near.py": Source(guards=(Guard(modules=("brotli",)),)),
    }
    found = united(
        [_explained(), failed_check(nodeid, line, "assert 4 == 3")],
        sources=sources,
        files=["shop/near.py", "shop/price.py"],
    )

    assert len(found) == (1 if why else 2)
    assert found[0].verdict.category == "missing_dependency"
    assert (f"({why})" in found[0].verdict.evidence[-1]) is bool(why)


@pytest.mark.parametrize(("file", "causes"), [("shop/codes.py", 2), ("shop/near.py", 1)])
def test_a_module_that_refuses_to_do_without_what_is_absent(file, causes):
    """It guards the import, and raises: it goes on with nothing in its place."""
    sources = {
        "tests/test_near.py": Source(imports={"load": "shop.load"}),
        file: Source(guards=(Guard(modules=("brotli",)),)),
        "shop/__init__.py": Source(
            imports={"load": f"{file.removesuffix('.py').replace('/', '.')}.load"}
        ),
    }
    check = failed_check("tests/test_near.py::test_size", "assert size == 3", "assert 4 == 3")

    found = united([_explained(), check], sources=sources, files=["shop/__init__.py", file])

    assert len(found) == causes


@pytest.mark.parametrize(
    ("imports", "own", "causes"),
    [
        ({"price": "shop.price"}, (), 2),
        ({"load": "shop.load"}, (), 1),
        ({"price": "shop.price", "load": "shop.load"}, (), 1),
        ({"shop": "shop"}, (), 1),
        ({"price": "shop.price"}, ("brotli",), 1),
    ],
)
def test_what_a_test_imports_through_a_package(imports, own, causes):
    """Of a package that takes everything over, what the names are that the test asks for; not what
    else the package has, unless the test has all of it, or does without it itself.
    """
    guards = (Guard(modules=("brotli",)),)
    sources = {
        "tests/test_near.py": Source(imports=imports, guards=(Guard(modules=own),)),
        "shop/__init__.py": Source(
            imports={"load": "shop.near.load", "price": "shop.prices.price"}
        ),
        "shop/near.py": Source(guards=guards),
    }
    files = ["shop/__init__.py", "shop/near.py", "shop/prices.py"]
    check = failed_check("tests/test_near.py::test_size", "assert size == 3", "assert 4 == 3")

    assert len(united([_explained(), check], sources=sources, files=files)) == causes


@pytest.mark.parametrize(
    ("raised", "causes"),
    [
        (("AssertionError", "assert 'install pytest-mock' == ''"), 2),
        (("RuntimeError", "served the pytest-mock"), 2),
        (("RuntimeError", "install pytest-mock"), 1),
        (("RuntimeError", "no pytest-mock library here"), 1),
    ],
)
def test_an_exception_may_name_what_is_absent(raised, causes):
    """As a distribution: a value that is compared, or any sentence with the word, says nothing."""
    absent = verdict_of(
        "missing_dependency", "plugin", 0.94, Culprit(type="distribution", name="pytest-mock")
    )
    missing = seen_in(
        SHOWN, "_pytest.fixtures.FixtureLookupError", "fixture 'mocker' not found", verdict=absent
    )
    kind, message = raised
    if kind == "AssertionError":
        other = failed_check("tests/test_codes.py::Codes::test_size", "assert size == 3", message)
    else:
        other = thrown_by("tests/test_codes.py::Codes::test_size", kind, message, "size")

    assert len(united([missing, other])) == causes


@pytest.mark.parametrize(
    ("explained", "other", "causes"),
    [
        (None, None, 1),
        (None, "open", 2),
        ("open", "open", 2),
        ("open", None, 1),
        (None, "resolved", 1),
    ],
)
def test_what_was_there_before_is_not_of_what_is_new(explained, other, causes):
    """A cause that the memory knows as one of its own stays one."""

    def remembered(cause, status):
        known = Remembered(first_seen="1", last_seen="2", occurrences=2, status=status or "open")
        return replace(cause, remembered=known if status else None)

    thrown = thrown_by(
        "tests/test_codes.py::t", "RuntimeError", "install the brotli package", "size"
    )

    found = united([remembered(_explained(), explained), remembered(thrown, other)])

    assert len(found) == causes


def test_that_the_process_ended_is_no_explanation():
    """It says what was seen, not why."""
    ended = thrown_by(
        "tests/test_codes.py::Codes::test_main",
        "SystemExit",
        "install brotli",
        "main",
        verdict=verdict_of("product_error", "exit", 0.75),
    )

    assert len(united([_explained(), ended])) == 1


@pytest.mark.parametrize(
    "explained",
    [
        [_explained(phase="collect", nodeid="tests/test_codes.py")],
        [_explained(verdict=verdict_of("product_error", "missing_name", 0.9, Culprit(type="class", name="a")))],
        [_explained(verdict=verdict_of("fixture", "not_found", 0.9, Culprit(type="fixture", name="size")))],
        [_explained(verdict=verdict_of("syntax", "syntax_error", 0.9, Culprit(type="file", name="a")))],
        [_explained(), _explained("b::t", verdict=verdict_of("network", "dns", 0.9, Culprit(type="host", name="b")))],
    ],
    ids=["file not collected", "line of the product", "fixture", "one file", "one of two"],
)  # fmt: skip
def test_other_explanations_lend_nothing(explained):
    """What kept a file from being collected, what is of one file, and what is not the only one."""
    check = failed_check(
        "tests/test_codes.py::Codes::test_size", "assert size == 3", "assert 4 == 3"
    )

    assert len(united([*explained, check])) == len(explained) + 1


@pytest.mark.parametrize(
    ("kind", "near", "causes"),
    [
        ("RuntimeError", Source(imports={"get": "webby.get"}), 1),
        ("ImportError", Source(guards=(Guard(modules=("webby",)),)), 1),
        ("AttributeError", Source(imports={"webby": "webby"}), 2),
        ("AttributeError", Source(guards=(Guard(modules=("webby",)),)), 2),
    ],
)
def test_an_installed_release_touches_what_imports_it(kind, near, causes):
    """What is there and changed needs no guard to be depended on; one attribute that it has not
    breaks only what asks for it.
    """
    changed = verdict_of(
        "compatibility", "changed", 0.9, Culprit(type="distribution", name="webby")
    )
    explained = thrown_by(SHOWN, kind, "not there", "load", file="shop/codes.py", verdict=changed)
    check = failed_check("tests/test_near.py::test_size", "assert size == 3", "assert 4 == 3")
    found = united(
        [explained, check],
        sources={"tests/test_near.py": near},
        installed={"webby": "2"},
        distributions=[Distribution(name="webby", version="2", modules=("webby",))],
    )

    assert len(found) == causes


@pytest.mark.parametrize(
    ("edits", "causes"),
    [
        ({"x0 x": "total", "x1 x": "total", "x2 x": "total"}, 1),
        ({"x0 x": "total", "x1 x": "total"}, 2),
        ({"x0 x": "total", "x1 x": "price"}, 3),
        ({}, 3),
    ],
)
def test_what_one_edit_broke_is_one_cause(edits, causes):
    """Wherever it shows."""
    known = [
        blaming(None, kind="wrong_value", category="assertion", place=f"x{n}", message="x")
        for n in range(3)
    ]

    found = united_in(known, in_context(), edits)

    assert len(found) == causes


def test_what_is_mended_alike_stays_one_beside_an_edit():
    """Also where the edit is known of some of it only."""
    known = [blaming(VARIABLE, kind="variable", place=f"x{n}", message="x") for n in range(3)] + [
        blaming(None, kind="wrong_value", category="assertion", place="x9", message="x")
    ]

    found = united_in(known, in_context(), {"x9 x": "total", "x1 x": "total"})

    assert len(found) == 1


def test_a_file_that_stands_in_two_folders():
    """Which of the two is meant by its name alone is not known."""
    names = ("data/x.csv", "old/x.csv", "x.csv")

    causes = [
        blaming(
            file_of(name), kind="file", category="environment", place=f"t/{n}.py:1:t", message="x"
        )
        for n, name in enumerate(names)
    ]

    assert len(united(causes)) == 3


def test_variables_follow_from_the_file_that_sets_them():
    """Without `.env` what it says is not set."""
    causes = [
        _explained(f"{SHOWN}_{name}", verdict=verdict_of("environment", kind, 0.88, culprit))
        for name, kind, culprit in (
            ("a", "variable", Culprit(type="variable", name="STRING")),
            ("b", "variable", Culprit(type="variable", name="NUMBER")),
            ("c", "file", Culprit(type="file", name="tests/.env")),
        )
    ]

    (found,) = united([*causes])

    assert found.verdict.culprit == Culprit(type="file", name="tests/.env")
    assert len(united(causes[:2])) == 2


def test_what_a_reviewer_decided_is_explained():
    """It is never joined with another explanation; of others it says no more than what joins them."""
    decided = replace(verdict_of("fixture", "", 0.99), rule="reviewer")
    check = f"{TESTS}::A::t", "assert x.y", LONG
    other = failed_check(f"{TESTS}::A::u", "assert x.y", LONG)
    first = replace(failed_check(*check), verdict=decided)

    (found,) = united([other, first])

    assert (found.verdict.category, found.verdict.confidence) == ("fixture", 0.9)
    assert len(united([first, replace(other, verdict=decided)])) == 2


def test_what_is_unknown_makes_nothing_less_sure():
    """It says nothing; what it is joined by counts."""
    unknown = thrown_by(
        "a::t", "RuntimeError", "install brotli", "size", verdict=verdict_of("unknown", "", 0.1)
    )

    (found,) = united([_explained(), unknown])

    assert found.verdict.confidence == 0.85


def _of_basket(kind):
    """What is wrong with the fixture `basket`."""
    wrong = cause_of("basket", "wrong", 2, category="fixture", kind=kind)
    culprit = Culprit(type="fixture", name="basket")
    return replace(wrong, verdict=replace(wrong.verdict, culprit=culprit))


def _given(cause, name):
    """The cause, with tests that were given a fixture of that name."""
    fixture = Fixture(name=name, scope="module", file="tests/conftest.py", line=4, origin="test")
    failures = tuple(failure._replace(fixtures=(fixture,)) for failure in cause.failures)
    return replace(cause, failures=failures)


@pytest.mark.parametrize(
    ("kind", "given", "causes"),
    [("no_value", "basket", 1), ("no_value", "client", 2), ("leaked_state", "basket", 2)],
)
def test_hosts_are_asked_for_want_of_what_a_fixture_should_give(kind, given, causes):
    """A stand-in that is not there keeps no test from asking the host itself."""
    asked = _explained(verdict=verdict_of("network", "dns", 0.95, HOST))

    found = united([_given(asked, given), _of_basket(kind)])

    assert len(found) == causes
    assert any(cause.verdict.kind == kind for cause in found)


@pytest.mark.parametrize(
    ("kind", "given", "causes"),
    [
        ("leaked_state", "basket", 1),
        ("no_value", "basket", 1),
        ("no_value", "client", 2),
        ("setup_raised", "basket", 2),
    ],
)
def test_what_was_given_the_same_wrong_value_is_one_cause(kind, given, causes):
    """As far as every test of it was given the value; a set-up that raised gave none."""
    wrong = _of_basket(kind)
    other = cause_of("", "other", 3, category="assertion", kind="wrong_value")
    other = _given(replace(other, verdict=replace(other.verdict, culprit=None)), given)

    found = united([other, wrong])

    assert len(found) == causes
    assert any(cause.verdict.kind == kind for cause in found)


@pytest.mark.parametrize(("confidence", "causes"), [(0.68, 1), (0.85, 2)])
def test_a_value_that_is_only_suspected_yields_to_a_sure_explanation(confidence, causes):
    """Where that touches what the test said; a leak that is beyond doubt stays one of its own."""
    left = cause_of("x", "assert frames.rows == 1", 1, category="fixture", kind="leaked_state")
    culprit = Culprit(type="fixture", name="basket")
    left = replace(left, verdict=replace(left.verdict, culprit=culprit, confidence=confidence))
    broke = cause_of("frames", "gone", 3, category="compatibility", kind="removed_name")

    found = united([left, broke])

    assert len(found) == causes
    assert found[0].verdict.kind == "removed_name"


@pytest.mark.parametrize(("rule", "causes"), [("signature-changed@2", 2), ("known-changed@1", 1)])
def test_a_release_that_is_known_to_break_is_seldom_known_whole(rule, causes):
    """One name that is gone explains who asks for it alone, unless what is known of that release
    says so.
    """
    frames = Distribution(name="frames", version="2.0", modules=("frames",))
    gone = verdict_of(
        "compatibility", "changed_signature", 0.9, Culprit(type="distribution", name="frames")
    )
    asked = thrown_by("a::t", "TypeError", "no such", "f", verdict=replace(gone, rule=rule))
    sources = {
        TESTS: Source(imports={"price": "shop.cart.price"}),
        "shop/cart.py": Source(imports={"frames": "frames"}),
    }
    check = failed_check(f"{TESTS}::t", "assert price() == 3", "assert 4 == 3")
    found = united(
        [asked, check],
        sources=sources,
        files=["shop/cart.py"],
        distributions=[frames],
        installed={"frames": "2.0"},
    )

    assert len(found) == causes


REFUSED = "[Errno 111] Connection refused"


@pytest.mark.parametrize(
    "others",
    [
        [("db", "network", "refused", None)],
        [("db", "network", "refused", "db.invalid:5432")],
        [("db", "network", "refused", None), ("mq", "network", "refused", None)],
    ],
    ids=["another that nobody names", "one that is named", "several"],
)
def test_a_remote_that_nobody_names_is_no_other(others):
    """Each says that a connection was refused; a check beside them is none of theirs either."""
    nowhere = verdict_of("network", "refused", 0.94)
    causes = [
        thrown_by("b::t", "ConnectionRefusedError", REFUSED, "ask", verdict=nowhere),
        failed_check("b::u", "assert size == 3", "assert 4 == 3"),
        *(
            thrown_by(
                f"{name}::t",
                "ConnectionRefusedError",
                REFUSED,
                name,
                verdict=verdict_of(
                    of, kind, 0.94, Culprit(type="host", name=host) if host else None
                ),
            )
            for name, of, kind, host in others
        ),
    ]

    assert len(united(causes, passed=99)) == len(causes)


@pytest.mark.parametrize(
    ("requires", "message", "causes"),
    [
        ("brotli>=1", "Do you need to install a decoder? No coder found.", 1),
        ("brotli>=1; extra == 'all'", "Do you need to install a decoder? No coder found.", 2),
        ("zlib", "Do you need to install a decoder? No coder found.", 2),
        ("brotli>=1", "coder has no such page", 2),
    ],
)
def test_what_cannot_do_without_what_is_absent(requires, message, causes):
    """It is installed, a message speaks of installing it, and it always requires the other one."""
    coder = Distribution(
        name="coder", version="1.0", modules=("coder",), requires=(requires,), extras=("all",)
    )
    other = thrown_by("tests/test_other.py::test_size", "shop.NoCoder", message, "size")

    found = united([_explained(), other], distributions=[coder], installed={"coder": "1.0"})

    assert len(found) == causes


PYTESTER = Fixture(
    name="pytester", scope="function", file="_pytest/pytester.py", line=9, origin="installed"
)


@pytest.mark.parametrize(
    ("printed", "fixtures", "causes"),
    [
        ("PytestConfigWarning: Unknown config option: asyncio_mode", (PYTESTER,), 1),
        ("PytestUnknownMarkWarning: Unknown pytest.mark.asyncio - is", (PYTESTER,), 1),
        ("PytestConfigWarning: Unknown config option: slow_mode", (PYTESTER,), 2),
        ("PytestConfigWarning: Unknown config option: asyncio_mode", (), 2),
    ],
)
def test_what_a_run_inside_a_test_does_not_know(printed, fixtures, causes):
    """A setting or a marker of the plugin that is absent."""
    verdict = verdict_of(
        "missing_dependency", "plugin", 0.94, Culprit(type="distribution", name="pytest-asyncio")
    )
    missing = seen_in(SHOWN, "Failed", "async def functions are not supported", verdict=verdict)
    other = failed_check("tests/test_other.py::test_run", "assert ok", "assert 3 == 4")
    (failure,) = other.failures
    failure = failure._replace(captured={"stdout": printed}, fixtures=fixtures)

    assert len(united([missing, replace(other, failures=(failure,))])) == causes
