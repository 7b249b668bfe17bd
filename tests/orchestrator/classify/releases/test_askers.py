"""A distribution that asks another for what it no longer has: which of the two is behind."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution, Frame
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
ASKS = "lib/webframe/app.py:3:<module>"
FRAMES = Distribution(name="frames", version="2.0", modules=("frames",))
GONE = "cannot import name 'Row' from 'frames'"


def webframe(version="1.4"):
    """The asker."""
    return Distribution(name="webframe", version=version, modules=("webframe",))


def holding(requirement):
    """Another distribution that requires the asker."""
    return Distribution(name="plugs", version="1", modules=("plugs",), requires=(requirement,))


@pytest.mark.parametrize(
    ("distributions", "declared", "culprit"),
    [
        ((webframe(), FRAMES), "webframe", "webframe"),
        ((webframe(), FRAMES, holding("webframe>=1")), "webframe>=1", "webframe"),
        ((webframe(), FRAMES, holding("webframe<2")), "webframe", "frames"),
        ((webframe(), FRAMES), "webframe==1.4", "frames"),
        ((webframe("0.4"), FRAMES, holding("webframe<0.5")), "webframe", "frames"),
        ((webframe("0.4"), FRAMES, holding("webframe<1")), "webframe", "webframe"),
    ],
)
def test_the_asker_is_behind_unless_it_is_held_back(red, raised, distributions, declared, culprit):
    """Where its next major release is not admitted, the one that dropped the name has to wait."""
    project = Project(
        name="shop",
        requirements=(Requirement(name="webframe", text=declared, file="pyproject.toml"),),
    )

    verdict = red(
        raised("ImportError", GONE, TEST, ASKS), project=project, distributions=distributions
    ).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", culprit)


@pytest.mark.parametrize(
    ("version", "culprit"), [("4.6.3", "beautifulsoup4"), ("4.13.4", "webframe")]
)
def test_what_is_old_itself_is_not_what_others_are_behind(red, raised, version, culprit):
    """Most of its series came later: it lacks the name still, not already."""
    soup = Distribution(name="beautifulsoup4", version=version, modules=("bs4",))
    gone = raised("ImportError", "cannot import name 'zzyzx' from 'bs4'", TEST, ASKS)

    assert red(gone, distributions=(webframe(), soup)).verdict().culprit.name == culprit


def test_both_ways_out_are_said(red, raised):
    """Which of the two was changed the run does not tell: the asker may wait as well."""
    suggestion = red(
        raised("ImportError", GONE, TEST, ASKS), distributions=(webframe(), FRAMES)
    ).suggestions()[0]

    assert suggestion.commands == ("pip install 'webframe>1.4'",)
    assert "`frames<2`" in suggestion.text


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ((TEST, ASKS), True),
        ((TEST, ASKS, "lib/frames/table.py:3:__getattr__"), True),
        ((TEST,), False),
        ((TEST, "lib/frames/table.py:3:__getattr__"), False),
        ((TEST, "lib/pluggy/_manager.py:3:load"), False),
    ],
)
def test_who_asks_may_move_as_well(red, raised, places, said):
    """Where it is held back the asked one is to blame; a later release of the asker is named all the
    same, unless the project asks itself.
    """
    pluggy = Distribution(name="pluggy", version="1.6.0", modules=("pluggy",))
    suggestion = red(
        raised("ImportError", GONE, *places),
        distributions=(webframe(), FRAMES, pluggy, holding("webframe<2")),
    ).suggestions()[0]

    assert "frames<2" in suggestion.text
    assert ("`webframe>1.4`" in suggestion.text) is said


def test_the_project_is_no_asker(red, raised):
    """What its own line imports is for the project to mend."""
    verdict = red(raised("ImportError", GONE, TEST), distributions=(webframe(), FRAMES)).verdict()

    assert verdict.culprit.name == "frames"


@pytest.mark.parametrize(
    ("places", "kind"),
    [
        (("shop/cart.py:7:<module>", ASKS), "python_version"),
        (("shop/cart.py:7:<module>", ASKS, "lib/webframe/view.py:3:check"), "python_version"),
        (("shop/cart.py:7:<module>", ASKS, "lib/frames/table.py:3:read"), "library_raised"),
        (("shop/cart.py:7:total", "lib/webframe/app.py:3:get"), "exception"),
        ((ASKS, "shop/cart.py:7:total"), "exception"),
    ],
)
def test_only_what_fails_all_by_itself_cannot_be_imported(red, raised, places, kind):
    """Called with something, or calling others, it may fail for what it was given."""
    verdict = red(raised("ValueError", "x", *places), distributions=(webframe(), FRAMES)).verdict()

    assert verdict.kind == kind


WRAPPER = "lib/pytest_asyncio/plugin.py:560:pytest_pycollect_makeitem"
BUILDS = "lib/pytest_describe/plugin.py:126:collect"
PLUGINS = tuple(
    Distribution(name=name, version="1", modules=(module,), pytest_plugins={"x": module})
    for name, module in (
        ("pytest-asyncio", "pytest_asyncio"),
        ("pytest-describe", "pytest_describe"),
    )
)


@pytest.mark.parametrize(
    ("passed_on_by", "culprit"),
    [
        ("lib/pluggy/_result.py:103:get_result", "pytest-describe"),
        ("lib/pluggy/_callers.py:139:_multicall", "pytest-describe"),
        ("lib/pluggy/_hooks.py:512:__call__", "pytest-asyncio"),
    ],
)
def test_the_wrapper_of_a_hook_is_not_to_blame(red, raised, passed_on_by, culprit):
    """It only gets what the hook raised; one that calls a hook itself is."""
    refuses = "lib/_pytest/python.py:213:pytest_pycollect_makeitem"
    error = raised("AssertionError", "<class 'Block'>", BUILDS, WRAPPER, passed_on_by, refuses)

    verdict = red(error, phase="collect", distributions=PLUGINS).verdict()

    assert (verdict.kind, verdict.culprit.name) == ("plugin_incompatible", culprit)


@pytest.mark.parametrize(
    ("places", "category"),
    [
        (("shop/cart.py:7:__init__", "lib/frames/table.py:3:read"), "compatibility"),
        (("lib/frames/table.py:3:read", "shop/cart.py:7:__init__"), "product_error"),
    ],
)
def test_the_base_class_is_of_what_the_project_called(red, raised, places, category):
    """What called the project's code first has no part in its classes."""
    lacks = {"obj": "super", "name": "total"}
    error = "'super' object has no attribute 'total'"
    link = raised("AttributeError", error, *places, "shop/cart.py:9:total", attributes=lacks)

    assert red(link, distributions=(FRAMES,)).verdict().category == category


@pytest.mark.parametrize(
    ("asking", "culprit"),
    [
        (TEST, "six"),
        ("lib/webframe/app.py:3:<module>", "six"),
        ("lib/kafka/codec.py:3:<module>", "kafka-python"),
    ],
)
def test_what_python_no_longer_asks_of_import_hooks(red, raised, asking, culprit):
    """six makes its modules with one, and is to be upgraded; who asks for them is not behind,
    unless it has a copy.
    """
    module = "kafka.vendor.six.moves" if "kafka" in asking else "six.moves"
    six = Distribution(name="six", version="1.15.0", modules=("six",))
    kafka = Distribution(name="kafka-python", version="2.0.2", modules=("kafka",))
    made = red(
        raised("ModuleNotFoundError", f"No module named {module!r}", TEST, asking),
        distributions=(six, kafka, webframe()),
        python="3.12.1",
    )

    assert made.verdict().culprit.name == culprit
    assert "<1.15" not in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("places", "category"),
    [
        ((TEST, "shop/cart.py:7:total", ASKS), "product_error"),
        ((TEST, ASKS), "product_error"),
        ((TEST, ASKS, "shop/cart.py:7:total"), "unknown"),
    ],
)
def test_what_libraries_handle_among_themselves(red, raised, places, category):
    """The one that the product called refuses what it was called with: that is for the product."""
    chain = (
        raised("webframe.Wrong", "no", *places),
        raised("frames.Error", "no", "lib/webframe/app.py:3:<module>", "lib/frames/a.py:3:read"),
    )

    made = red(*(chain[0], chain[1]._replace(relation="cause")), distributions=(webframe(), FRAMES))

    assert made.verdict().category == category
    if category == "product_error":
        caller = "shop/cart.py" if len(places) > 2 else "tests/test_cart.py::test_total"
        assert made.verdict().culprit.name == caller


PYTEST = Distribution(name="pytest", version="9.2.0", modules=("pytest", "_pytest"))
SLOW = Distribution(name="pytest-slow", version="0.1", modules=("pytest_slow",))
CLOSURE = "FixtureManager.getfixtureclosure() missing 1 required positional argument: 'ignore_args'"


IDVAL = "cannot import name '_idval' from '_pytest.python' (/v/python.py)"


@pytest.mark.parametrize(
    ("raising", "place", "culprit"),
    [
        (("TypeError", CLOSURE), "lib/pytest_slow.py:9:collect", "pytest-slow"),
        (("TypeError", CLOSURE), "lib/pytest_slow/pytest.py:9:collect", "pytest-slow"),
        (("ImportError", IDVAL), "lib/pytest_slow.py:9:<module>", "pytest-slow"),
        (("ImportError", IDVAL), "tests/conftest.py:9:<module>", "pytest"),
    ],
)
def test_who_counts_on_what_is_private_to_pytest(red, raised, raising, place, culprit):
    """A plugin that is older than pytest is behind; what the project does itself, pytest ended."""
    verdict = red(raised(*raising, place), distributions=(PYTEST, SLOW)).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", culprit)


@pytest.mark.parametrize(
    ("asking", "held"), [("lib/webframe/app.py:3:get", True), ("shop/cart.py:7:total", False)]
)
def test_who_asks_for_what_came_later_can_be_held_back(red, raised, asking, held):
    """Both ways out are said where a library, and not the project, asks another for it."""
    stub = Distribution(name="vcrpy", version="4.4.0", modules=("vcr",))
    missing = raised(
        "AttributeError",
        "'VCRHTTPResponse' object has no attribute 'version_string'",
        TEST,
        asking,
        attributes={"obj": "vcr.stubs.VCRHTTPResponse", "name": "version_string"},
    )

    (first, *_) = red(missing, distributions=(webframe("2.3"), stub)).suggestions()

    assert "`vcrpy>=7` has it" in first.text
    assert ("hold back webframe 2.3, which asks for it: `webframe<2`" in first.text) is held


PASSED_ON = "Connection.__init__(self, *args, **kwargs)"
CALLS = Frame(file="frames/table.py", line=3, function="read", source="return self.make(", origin="installed")  # fmt: skip
PLUGGED = Distribution(
    name="frames", version="2.0", modules=("frames",), pytest_plugins={"frames": "frames.plugin"}
)


@pytest.mark.parametrize(
    ("told", "category"),
    [
        ((["http.get(url)", PASSED_ON], CALLS, FRAMES), "compatibility"),
        ((["http.get(url)", "return make(**options)", PASSED_ON], CALLS, FRAMES), "compatibility"),
        ((["http.get(url, shelf=1)", PASSED_ON], CALLS, FRAMES), "product_error"),
        ((["http.get(url)", "make(self, shelf=1, **kwargs)"], CALLS, FRAMES), "product_error"),
        ((["http.get(url)", "return total(3 ** rows)"], CALLS, FRAMES), "product_error"),
        ((["http.get(url)", "return make(it)", PASSED_ON], CALLS, FRAMES), "product_error"),
        ((["http.get(url)", PASSED_ON], None, FRAMES), "product_error"),
        ((["http.get(url)", PASSED_ON], CALLS, PLUGGED), "product_error"),
    ],
)
def test_who_chose_a_keyword_that_is_only_passed_on(red, raised, told, category):
    """A library that calls an own function, not a line of the project or a test that names it."""
    (test, *own), called, library = told
    frames = (
        Frame(file="tests/test_cart.py", line=9, function="test_total", source=test, origin="test"),
        *([called] if called else []),
        *(Frame(file="shop/cart.py", line=7, function="make", source=one) for one in own),
    )
    refused = raised("TypeError", "Connection() got an unexpected keyword argument 'shelf'")

    made = red(refused._replace(frames=frames), distributions=(library,))

    assert made.verdict().category == category


@pytest.mark.parametrize(
    ("declared", "function", "culprit"),
    [
        (("webframe>=2",), "<module>", "webframe"),
        (("webframe>=2", "frames<2"), "<module>", "frames"),
        (("webframe>=1",), "<module>", "frames"),
    ],
)
def test_who_asks_is_to_blame_where_the_project_wants_another(
    red, raised, declared, function, culprit
):
    """Unless what is asked is refused as well."""
    requirements = tuple(
        Requirement(name=text.partition("<")[0].partition(">")[0], text=text, file="setup.py")
        for text in declared
    )
    project = Project(name="shop", requirements=requirements)
    gone = raised("ImportError", GONE, TEST, f"lib/webframe/app.py:3:{function}")
    held = holding("webframe<2")

    made = red(gone, project=project, distributions=(webframe(), FRAMES, held))

    assert made.verdict().culprit.name == culprit


PLUGIN = Distribution(
    name="pytest-frames",
    version="7.0",
    modules=("pytest_frames",),
    pytest_plugins={"frames": "pytest_frames"},
    requires=("frames>=3",),
)


@pytest.mark.parametrize(
    ("plugin", "declared", "culprit"),
    [
        (PLUGIN, (), "pytest-frames"),
        (PLUGIN, ("frames>=1",), "pytest-frames"),
        (PLUGIN, ("frames==3.1",), "frames"),
        (PLUGIN, ("frames>2",), "frames"),
        (PLUGIN, ("pytest-frames==7.0",), "frames"),
        (PLUGIN._replace(requires=("frames<2",)), (), "frames"),
        (PLUGIN._replace(pytest_plugins={}), (), "frames"),
    ],
)
def test_a_plugin_that_is_ahead_of_what_it_requires(red, raised, plugin, declared, culprit):
    """It is the one to go back, where nobody asks for it so new nor for the other another way."""
    requirements = tuple(
        Requirement(name="pytest-frames" if "pytest" in text else "frames", text=text, file="a.txt")
        for text in declared
    )
    project = Project(name="shop", requirements=requirements)
    gone = raised("ImportError", GONE, "lib/pytest_frames.py:1:<module>")

    made = red(gone, phase="start", project=project, distributions=(plugin, FRAMES))

    assert (made.verdict().category, made.verdict().culprit.name) == ("compatibility", culprit)


@pytest.mark.parametrize(
    ("extras", "requires", "culprit"),
    [
        (("rows",), ('frames>=3; extra == "rows"',), "frames"),
        (("rows",), ('frames>=1; extra == "rows"',), "webframe"),
        (("rows",), ('frames>=3; extra == "rows"', 'cv2x>=3; extra == "rows"'), "webframe"),
    ],
)
def test_what_an_extra_asks_for_is_older(red, raised, extras, requires, culprit):
    """The library that raised is not the one to change; of several none is known to be."""
    asking = webframe()._replace(extras=extras, requires=requires)
    older = Distribution(name="cv2x", version="1.0", modules=("cv2x",))
    failed = raised("AttributeError", "'dict' object has no attribute 'rows'", TEST, ASKS)

    made = red(failed, distributions=(asking, FRAMES, older))

    assert made.verdict().culprit.name == culprit


@pytest.mark.parametrize(
    ("message", "source", "category"),
    [
        ("type 'Row' is not subscriptable", "Rows = frames.Row[str]", "compatibility"),
        ("type 'Row' is not subscriptable", "rows = frames.Row(1)", "product_error"),
        ("type 'Row' is not subscriptable", "Rows = Row[str]", "product_error"),
        ("'Row' object is not subscriptable", "frames.Row[1]", "product_error"),
    ],
)
def test_brackets_behind_the_class_of_a_library(red, raised, message, source, category):
    """A class that is not generic there; an object is one of one's own doing."""
    project = Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        requirements=(Requirement(name="frames", text="frames>=1", file="pyproject.toml"),),
        sources={"tests/test_cart.py": Source(imports={"frames": "frames"})},
    )
    failed = raised("TypeError", message, TEST, source=source)

    made = red(failed, phase="collect", project=project, distributions=(FRAMES,))

    assert made.verdict().category == category


@pytest.mark.parametrize(
    ("kind", "message", "attributes", "culprit"),
    [
        (
            "AttributeError",
            "'FixtureDef' object has no attribute 'unittest'",
            {"obj": "_pytest.fixtures.FixtureDef", "name": "unittest"},
            "pytest-frames",
        ),
        (
            "ImportError",
            "cannot import name 'Instance' from 'pytest' (/v/pytest/__init__.py)",
            {"name": "pytest"},
            "pytest",
        ),
    ],
)
def test_what_a_class_of_pytest_s_does_not_promise(
    red, raised, *, kind, message, attributes, culprit
):
    """A plugin that asks for it all the same is to be upgraded; what was offered pytest broke."""
    pytest_itself = Distribution(name="pytest", version="9.0.1", modules=("pytest", "_pytest"))
    gone = raised(kind, message, "lib/pytest_frames.py:9:wrapper", attributes=attributes)
    held = holding("pytest-frames<8")
    plugin = PLUGIN._replace(requires=())

    made = red(gone, phase="setup", distributions=(plugin, pytest_itself, held))

    assert (made.verdict().category, made.verdict().culprit.name) == ("compatibility", culprit)


@pytest.mark.parametrize(
    ("asks", "culprit"),
    [
        ("webframe>=1.0", "webframe"),
        ("webframe>=1.0; extra == 'web'", "webframe"),
        ("webframe>=0.9", "frames"),
        ("webframe<1.0", "frames"),
    ],
)
def test_an_asker_that_somebody_else_has_outgrown(red, raised, asks, culprit):
    """Who asks is behind where others ask for a later release of it, with an extra too."""
    frames = Distribution(name="frames", version="2.0", modules=("frames",))
    webframe = Distribution(
        name="webframe", version="0.9", modules=("webframe",), requires=("frames<9",)
    )
    other = Distribution(name="shopfront", version="3.0", requires=(asks,), extras=("web",))
    pinned = Project(requirements=(Requirement(name="webframe", text="webframe<1", file="a"),))
    link = raised(
        "ImportError", "cannot import name 'Row' from 'frames'", "lib/webframe/app.py:3:<module>"
    )

    made = red(link, phase="collect", distributions=(frames, webframe, other), project=pinned)

    assert made.verdict().culprit.name == culprit


@pytest.mark.parametrize(
    ("requires", "culprit"),
    [
        (("frames>=3",), "frames"),
        (("frames>=3", "tables>=4"), "webframe"),
        (("frames>=3", "tables>=1"), "frames"),
        (("frames>=3", "tables<1"), "frames"),
    ],
    ids=["one is older", "several are", "the other one is not", "the other one is younger"],
)
def test_who_asks_for_later_releases_of_several(red, raised, requires, culprit):
    """It came by itself, and what it requires is what it was."""
    distributions = (
        Distribution(name="webframe", version="3.1", modules=("webframe",), requires=requires),
        Distribution(name="frames", version="2.0", modules=("frames",)),
        Distribution(name="tables", version="3.0", modules=("tables",)),
    )
    link = raised(
        "TypeError",
        "Table() got an unexpected keyword argument 'rows'",
        "tests/test_cart.py:9:test_total",
        "lib/webframe/app.py:3:get",
        "lib/frames/table.py:3:read",
    )
    made = red(link, distributions=distributions)

    assert made.verdict().category == "compatibility"
    assert made.verdict().culprit.name == culprit
    assert ("tables>=4" in made.suggestions()[0].text) is (culprit == "webframe")
