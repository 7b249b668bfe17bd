"""What a verdict makes of what was edited since the test passed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Environment, Run
from corpus_memory_logging.records import Green
from orchestrator.checkout.edits import Edit
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.source import Source

GREEN, RED = {"commit": "a" * 40, "dirty": False}, {"commit": "b" * 40, "dirty": False}
CONFTEST, TEST, CART = "tests/conftest.py", "tests/test_cart.py", "shop/cart.py"
SHOP = Project(
    name="shop",
    modules=frozenset({"shop", "tests"}),
    fixtures=(
        FixtureDefinition(name="client", function="make_client", file=CONFTEST, line=4),
        FixtureDefinition(name="other", function="other", file=CONFTEST, line=9),
        FixtureDefinition(name="cart", function="cart", file=TEST, line=3),
    ),
)
GIVEN = (("client", CONFTEST, 4),)


@pytest.fixture
def edited(red):
    """`edited(link, Edit(…), …, frames="1")`: a failure of a test that passed before these edits,
    and with these versions.
    """

    def make(link, *edits, known=True, green=GREEN, **versions):
        made = red(link, fixtures=GIVEN, project=SHOP, phase=versions.pop("phase", "call"))
        run = made.recording.run
        before = run.environment._replace(
            git=green,
            distributions={**run.environment.distributions, **versions},
        )
        now = run.environment._replace(git=RED)
        return replace(
            made,
            recording=made.recording._replace(run=run._replace(environment=now)),
            green=Green(run=Run(run_id="green", environment=before)),
            edits=edits if known else None,
        )

    return make


@pytest.fixture
def wrong(raised):
    """The test's own assertion failed."""
    return raised("AssertionError", "assert 1 == 2", f"{TEST}:3:test_total")


@pytest.fixture
def refused(raised):
    """The product raised, in a library."""
    return raised(
        "ValueError", "no", f"{TEST}:3:test_total", f"{CART}:7:total", "lib/frames/a.py:1:f"
    )


def _edit(file, *parts, **fields):
    return Edit(file=file, parts=parts, **fields)


@pytest.mark.parametrize(
    ("edits", "name"),
    [
        ([_edit(CONFTEST, "make_client")], "client"),
        ([_edit(CONFTEST, "make_client", "other")], "client"),
        ([_edit(TEST, "cart"), _edit(CONFTEST, "make_client")], "client"),
    ],
)
def test_a_fixture_that_alone_was_edited(edited, wrong, edits, name):
    """A wrong value is then no mistake of the product: of several the one that the test is given."""
    made = edited(wrong, *edits)
    verdict, (best, *_) = made.verdict(), made.suggestions()

    assert (verdict.category, verdict.kind) == ("fixture", "changed_fixture")
    assert (verdict.culprit.type, verdict.culprit.name) == ("fixture", name)
    assert f"`{name}`" in best.text
    assert CONFTEST in best.text


def test_a_fixture_that_the_test_is_not_given_may_leave_something_behind(edited, wrong):
    """Less sure than of one that it is given."""
    given = edited(wrong, _edit(CONFTEST, "make_client")).verdict()
    beside = edited(wrong, _edit(CONFTEST, "other")).verdict()

    assert (beside.category, beside.culprit.name) == ("fixture", "other")
    assert beside.confidence < 0.7 < given.confidence


@pytest.mark.parametrize(
    "edit",
    [
        _edit("conftest.py", ""),
        _edit(CONFTEST, "", "pytest_configure"),
        _edit(TEST, "setUpModule"),
        _edit(TEST, "setup_function"),
    ],
)
def test_other_set_up_that_alone_was_edited(edited, wrong, edit):
    """The file is named where the function is no fixture."""
    verdict = edited(wrong, edit).verdict()

    assert (verdict.category, verdict.kind) == ("fixture", "changed_setup")
    assert (verdict.culprit.type, verdict.culprit.name) == ("file", edit.file)


@pytest.mark.parametrize(
    "edits",
    [
        [_edit(CONFTEST, "make_client"), _edit(CART, "total")],
        [_edit(CONFTEST, "make_client"), _edit("shop/rates.json")],
        [_edit(CONFTEST, "make_client"), _edit(TEST, "test_total")],
        [_edit(TEST, "test_other", "TestCart.setUp")],
        [_edit(TEST, "helper", "Helper.setUp")],
        [_edit("tests/other/conftest.py", "make_client")],
        [_edit("tests/test_other.py", "setUpModule")],
        [_edit("README.md"), _edit("docs/conf.py", ""), _edit("uv.lock")],
        [_edit("lib/README"), _edit("CHANGES.txt"), _edit("Dockerfile"), _edit("Makefile")],
        [_edit(CONFTEST, "make_client"), _edit("settings.yaml")],
        [_edit(CONFTEST, "make_client"), _edit("shop/history.py", "f")],
        [_edit(CONFTEST, "make_client"), _edit("../libs/money.py", "parse")],
        [],
    ],
)
def test_with_other_edits_or_out_of_the_way_nothing_is_put_down_to_it(edited, wrong, edits):
    """What may come from the product or the test itself stays what it looks like."""
    assert edited(wrong, *edits).verdict().category == "assertion"


def test_packages_that_changed_too_speak_against_it(edited, wrong):
    """Not the code alone changed."""
    assert edited(wrong, _edit(CONFTEST, "make_client"), frames="1").verdict().category != "fixture"


@pytest.mark.parametrize("kind", ["FileNotFoundError", "KeyError"])
def test_an_edited_set_up_that_finds_something_no_more(edited, raised, kind):
    """The machine is as it was."""
    link = raised(kind, "'rates'", f"{CONFTEST}:5:make_client")

    made = edited(link, _edit(CONFTEST, "make_client"), phase="setup")

    assert made.verdict().rule.startswith("edited-setup-lacks-something@")
    assert made.verdict().culprit.name == "client"


def test_a_file_that_alone_was_removed(edited, refused):
    """Whatever is complained of for want of it."""
    verdict = edited(refused, _edit("shop/rates.json", state="removed")).verdict()

    assert (verdict.category, verdict.culprit.name) == ("environment", "shop/rates.json")


@pytest.mark.parametrize("file", ["shop/rates.json", "pyproject.toml", CONFTEST])
@pytest.mark.parametrize("kind", ["ConnectionRefusedError", "MemoryError", "socket.gaierror"])
def test_an_edit_explains_no_remote_and_no_lack_of_memory(edited, raised, kind, file):
    """These come and go by themselves."""
    link = raised(kind, "no", f"{TEST}:3:test_total", bases=("OSError",))
    edit = _edit(file, state="removed" if file.endswith("json") else "changed")

    assert "edited" not in edited(link, edit).verdict().rule
    assert "removed" not in edited(link, edit).verdict().rule


def test_the_module_that_closed_a_circle(edited, raised):
    """Of all that are in it the one that was edited."""
    message = "cannot import name 'a' from partially initialized module 'shop.rates'"
    circle = ("shop/rates.py:1:<module>", "shop/base.py:2:<module>", f"{CART}:1:<module>")
    link = raised("ImportError", message, *circle, attributes={"name": "shop.rates"})

    verdict = edited(link, _edit("shop/base.py", ""), phase="collect").verdict()

    assert (verdict.kind, verdict.culprit.name) == ("circular_import", "shop.base")


def test_settings_that_alone_were_edited(edited, refused):
    """The file is named."""
    verdict = edited(refused, _edit("pyproject.toml")).verdict()

    assert (verdict.category, verdict.culprit.name) == ("configuration", "pyproject.toml")


@pytest.mark.parametrize(
    ("edits", "category"),
    [
        ([], "compatibility"),
        ([_edit("shop/other.py", "f"), _edit("tests/test_other.py", "test_x")], "compatibility"),
        ([_edit("pyproject.toml"), _edit("requirements.txt")], "compatibility"),
        ([_edit(TEST, "test_other", "TestCart")], "compatibility"),
        ([_edit(TEST, "CartTestCase.setUp")], None),
        ([_edit(TEST, "helper")], None),
        ([_edit(CART, "total")], None),
        ([_edit(CART, "other")], None),
        ([_edit("shop/rates.json")], None),
    ],
)
def test_a_version_that_changed_where_no_edit_is_on_the_way(edited, refused, edits, category):
    """Each run of CI is of another commit: what counts is what of it the failure went through."""
    rule = edited(refused, *edits, frames="1").verdict().rule
    found = rule.startswith(("changed-since-green@", "changed-among-others-since-green@"))

    assert found is (category is not None)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("assert discount(3) == 1", "`discount` in shop/rates.py"),
        ("assert found == 1", "`net` in shop/rates.py"),
    ],
)
def test_of_several_functions_of_a_file_the_one_that_the_check_calls(edited, raised, line, name):
    """Where it calls none of them, the first stands for the file."""
    sources = {
        TEST: Source(imports={"discount": "shop.rates.discount"}),
        "shop/rates.py": Source(),
    }
    link = raised("AssertionError", "assert 1 == 2", f"{TEST}:3:test_total", source=line)
    edits = _edit("shop/far.py", "f"), _edit("shop/rates.py", "net", "discount")

    made = edited(link, *edits)
    project = replace(made.project, files=(*sources, "shop/far.py"), sources=sources)

    assert replace(made, project=project).verdict().evidence[-1].partition(": ")[2].startswith(name)


@pytest.mark.parametrize(
    ("files", "culprit"),
    [
        (["tests/data/a.gpg"], "tests/data/a.gpg"),
        (["tests/data/a.gpg", "tests/data/b.gpg"], "tests/data"),
        (["tests/data/a.gpg", "tests/more/key.gpg"], "tests/more/key.gpg"),
        (["tests/data/a.gpg", "tests/more/b.gpg"], None),
        (["a.gpg", "b.gpg"], None),
    ],
)
def test_files_that_were_removed_together(edited, raised, files, culprit):
    """The one that is named, else their folder is what is gone; of others nobody knows which."""
    link = raised("KeyError", "'key.gpg'", f"{TEST}:3:test_total", f"{CART}:7:total")

    verdict = edited(link, *(_edit(file, state="removed") for file in files)).verdict()

    found = verdict.culprit.name if verdict.rule == "file-removed-since-green@2" else None
    assert found == culprit


def test_a_package_that_was_removed(edited, raised):
    """What lay in it went with it; what imports it cannot be seen any more."""
    link = raised(
        "ImportError",
        "cannot import name '_codes' from partially initialized module 'shop' (most likely due to a"
        " circular import) (/shop/shop/__init__.py)",
        f"{TEST}:1:<module>",
        "shop/__init__.py:1:<module>",
        f"{CART}:1:<module>",
        attributes={"name": "shop"},
    )
    files = ("shop/_codes/__init__.py", "shop/_codes/table.bin")

    verdict = edited(
        link, *(_edit(file, state="removed") for file in files), phase="collect"
    ).verdict()

    assert (verdict.category, verdict.culprit.name) == ("product_error", "shop._codes")


@pytest.mark.parametrize(
    ("edits", "leads"),
    [
        ([_edit(CART, "total")], True),
        ([_edit(CART, "total"), _edit(CONFTEST, "make_client")], False),
        ([], False),
    ],
)
def test_what_was_edited_leads_the_advice(edited, raised, edits, leads):
    """Where the product alone was: before what the rule says of the place."""
    link = raised("ValueError", "no", f"{TEST}:3:test_total", f"{CART}:7:total")

    text = edited(link, *edits).suggestions()[0].text

    said = "Look first at what was edited since it passed: `total` in shop/cart.py. Look at total"
    assert text.startswith(said) == leads, text


def test_any_edit_of_the_product_may_change_a_value(edited, wrong):
    """A check in a test got it from wherever."""
    assert edited(wrong, _edit("shop/far.py", "f"), frames="1").verdict().category == "assertion"


@pytest.mark.parametrize(
    ("imports", "blamed"), [({"money": "shop.money"}, False), ({"other": "shop.other"}, True)]
)
def test_what_the_product_imports_may_have_given_the_wrong_value(edited, refused, imports, blamed):
    """Though the exception did not come through it."""
    made = edited(refused, _edit("shop/money.py", "parse"), frames="1")
    files = ("shop/cart.py", "shop/money.py", "shop/other.py")
    shop = replace(made.project, files=files, sources={CART: Source(imports=imports)})

    assert replace(made, project=shop).verdict().rule.startswith("changed-") is blamed


def test_where_the_edits_are_not_known_the_code_may_be_wrong(edited, refused):
    """A shallow clone."""
    verdict = edited(refused, known=False, frames="1").verdict()

    assert not verdict.rule.startswith("changed-")


def test_where_it_passed_with_changes_they_may_be_among_the_edits(edited, wrong, refused):
    """Said as that; nothing is put down to them, nor past them to a package."""
    dirty = {**GREEN, "dirty": True}
    edit = _edit(CONFTEST, "make_client")
    fixture = edited(wrong, edit, green=dirty).verdict()
    package = edited(refused, edit, green=dirty, frames="1").verdict()

    assert fixture.category == "assertion"
    assert fixture.evidence[-1].startswith("Edited since its commit, some of it perhaps before it")
    assert not package.rule.startswith("changed-")


def test_of_several_versions_the_one_on_the_way_is_less_sure(edited, refused):
    """Two distributions changed; the failure comes out of one."""
    alone = edited(refused, frames="1").verdict()
    among = edited(refused, frames="1", webframe="0.1").verdict()

    assert alone.culprit.name == among.culprit.name == "frames"
    assert among.confidence < alone.confidence


def test_edits_are_told_the_nearest_first(edited, refused):
    """Three of them are named."""
    edits = [
        _edit("pyproject.toml"),
        _edit("conftest.py", ""),
        _edit(CART, "Cart.add", "total"),
        _edit("shop/rates.json", state="removed"),
    ]

    told = edited(refused, *edits).verdict().evidence[-1]

    assert told == (
        "Edited since then, where the failure may come from: `total` in shop/cart.py, "
        "`Cart.add` in shop/cart.py, conftest.py, 2 more"
    )


def test_without_a_record_of_packages_nothing_is_said_of_them(red):
    """A run that did not start says nothing of what is installed: it is not all gone."""
    made = red(phase="start", message="usage error", distributions=(), project=SHOP)
    environment = Environment(distributions={"webframe": "1", "frames": "2"}, git=GREEN)
    since = replace(made, green=Green(run=Run(run_id="green", environment=environment)))

    assert not any("gone" in line for line in since.verdict().evidence)
