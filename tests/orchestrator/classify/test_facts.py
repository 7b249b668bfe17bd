"""What is told from metadata, checkout and frames together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.classify.catalogue import CATALOGUE, TOPICS

TEST = "tests/test_cart.py:9:test_total"
LOOKUP = "_pytest.fixtures.FixtureLookupError"
PROTOBUF = Distribution(name="protobuf", version="5.0", modules=("google",))
AUTH = Distribution(name="google-auth", version="2.0", modules=("google",))
NUMPY = Distribution(name="numpy", version="2.3.0", modules=("numpy",))
EDITABLE = Distribution(name="shop", version="0.1", modules=("shop",))


def test_each_fact_has_a_name_of_its_own():
    """A second one of that name would silently be the only one."""
    assert sum(len(topic.FACTS) for topic in TOPICS) == len(CATALOGUE)


@pytest.fixture
def missing(red, raised):
    """`missing(module, *places)`: the verdict on a module that cannot be imported."""

    def verdict(module, *places, **fields):
        error = raised(
            "ModuleNotFoundError",
            f"No module named {module!r}",
            *(places or (TEST,)),
            attributes={"name": module},
        )
        return red(error, **fields).verdict()

    return verdict


def requirement(name):
    """A line of pyproject.toml."""
    return Requirement(name=name, text=f"{name}>=1", file="pyproject.toml")


def test_metadata_of_installed_distributions_comes_first(missing):
    """A submodule of an installed distribution that is gone is no missing distribution."""
    verdict = missing("numpy.oldnumeric", distributions=(NUMPY,))

    assert (verdict.category, verdict.culprit.name, verdict.culprit.version) == (
        "compatibility",
        "numpy",
        "2.3.0",
    )


def test_what_the_project_declares_comes_second(missing):
    """A declared distribution explains a module that the mapping does not know."""
    project = Project(requirements=(requirement("python-zzyzx"),))

    verdict = missing("zzyzx", project=project)

    assert (verdict.culprit.type, verdict.culprit.name) == ("distribution", "python-zzyzx")
    assert "pyproject.toml asks for it: python-zzyzx>=1" in verdict.evidence[-1]


EXTRAS = Distribution(
    name="webframe",
    version="0.110",
    modules=("webframe",),
    extras=("all", "dev"),
    requires=('zzyzx; extra == "all"', 'zzyzxdev; extra == "dev"'),
)
DECLARED = Project(requirements=(requirement("webframe"),))


@pytest.mark.parametrize(
    ("module", "project", "place", "named"),
    [
        ("zzyzx", Project(), "tests/test_cart.py:1:<module>", False),
        ("zzyzx", Project(), "lib/webframe/app.py:3:get", True),
        ("zzyzx", DECLARED, "tests/test_cart.py:1:<module>", True),
        ("zzyzxdev", DECLARED, "tests/test_cart.py:1:<module>", False),
    ],
)
def test_extras_of_what_has_nothing_to_do_with_it_are_no_evidence(
    missing, module, project, place, named
):
    """Who else would like the module is told of those in the traceback and those declared, if it is
    not for their own developers; what brings it is known all the same.
    """
    verdict = missing(module, place, TEST, distributions=(EXTRAS,), project=project)

    said = "the metadata of webframe 0.110 asks for it with its extra"
    assert (verdict.kind, verdict.culprit.name) == ("distribution", module)
    assert (said in verdict.evidence[-1]) is named


def test_what_is_always_required_is_evidence_whoever_requires_it(missing):
    """It should have been there."""
    owner = Distribution(name="webframe", version="0.110", requires=("zzyzx",))

    verdict = missing("zzyzx", distributions=(owner,))

    assert "the metadata of webframe 0.110 asks for it" in verdict.evidence[-1]


@pytest.mark.parametrize("owners", [(PROTOBUF,), (PROTOBUF, AUTH)])
def test_namespaces(missing, owners):
    """In a shared namespace, another distribution's presence says nothing."""
    absent = missing("google.cloud.storage", distributions=owners)
    moved = missing("google.protobuf.gone", distributions=owners)

    assert (absent.category, absent.culprit.name) == ("missing_dependency", "google-cloud-storage")
    assert (moved.category, moved.culprit.name) == ("compatibility", "protobuf")


@pytest.mark.parametrize(
    ("module", "kind", "name"),
    [
        ("zz_yzx", "distribution", "zz-yzx"),
        ("ZZyzx", "distribution", "zzyzx"),
        ("_zzyzx", "module", "_zzyzx"),
        ("nunpy", "module", "nunpy"),
    ],
)
def test_a_distribution_that_may_bear_the_name_of_its_module(missing, module, kind, name):
    """What may be misspelt, or is private, is a module; nobody is told to install the others."""
    verdict = missing(module, distributions=(NUMPY,))

    assert (verdict.culprit.type, verdict.culprit.name) == (kind, name)
    assert verdict.confidence <= 0.7


def test_declared_part_of_a_namespace(missing):
    """The distribution of a namespace's part is known by its joined name."""
    project = Project(requirements=(requirement("google-cloud-storage"),))

    verdict = missing("google.cloud.storage", distributions=(PROTOBUF,), project=project)

    assert verdict.culprit.name == "google-cloud-storage"


@pytest.mark.parametrize(
    "fields",
    [
        {"project": Project(name="shop", modules=frozenset({"shop"}))},
        {
            "project": Project(name="shop", modules=frozenset({"shop"})),
            "distributions": (EDITABLE,),
        },
        {
            "project": Project(name="mall", files=("packages/shop/src/shop/__init__.py",)),
            "distributions": (EDITABLE,),
        },
    ],
)
def test_own_modules_installed_or_not(missing, fields):
    """A module that the project should hold is a product error, though the project is installed."""
    verdict = missing("shop.card", **fields)

    assert (verdict.category, verdict.kind) == ("product_error", "missing_module")


def test_own_modules_without_a_checkout(missing):
    """Without a checkout the frames tell."""
    verdict = missing("shop.card", "src/shop/cli.py:1:<module>", project=Project())

    assert verdict.category == "product_error"


def test_a_folder_of_a_dependencys_name_is_not_that_dependency(missing):
    """A requirement outweighs a folder that happens to have its name."""
    project = Project(modules=frozenset({"docker"}), requirements=(requirement("docker"),))

    verdict = missing("docker", project=project)

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "docker")


@pytest.mark.parametrize(
    ("python", "category"), [("3.11.9", "missing_dependency"), ("3.12.0", "compatibility")]
)
def test_removed_from_the_standard_library(missing, python, category):
    """A module that the run's own Python dropped is compatibility; before that it was never gone."""
    assert missing("asyncore", python=python).category == category


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [("webframe", "Python"), ("webframe>=0", "Python"), ("webframe>=99", "webframe")],
)
def test_a_library_that_uses_what_python_dropped(missing, asked, culprit):
    """The library is to blame where another release of it is asked for; else Python came too early
    for what the project admits.
    """
    entry = requirement("webframe")
    project = Project(name="shop", requirements=(replace(entry, text=asked),))
    verdict = missing("distutils", "lib/webframe/build.py:1:<module>", project=project)

    assert (verdict.category, verdict.culprit.name) == ("compatibility", culprit)


def test_own_extension_of_a_library(missing):
    """A library that lacks a part of itself is installed incompletely."""
    verdict = missing("numpy._core", "lib/numpy/__init__.py:1:<module>", distributions=(NUMPY,))

    assert (verdict.kind, verdict.culprit.name) == ("broken_installation", "numpy")


def test_unmet_requirement_of_what_the_failure_touches(red, raised):
    """A conflict between versions is named where the failure touches one of the two."""
    made = red(raised("TypeError", "got 2", TEST, "lib/webframe/app.py:3:get"))

    verdict = made.verdict()

    assert (verdict.kind, verdict.culprit.name, verdict.culprit.version) == (
        "unmet_requirement",
        "frames",
        "2.0",
    )
    assert "webframe 0.110 requires frames<2, installed is frames 2.0" in verdict.evidence
    assert made.suggestions()[0].commands == ("pip install 'frames<2'",)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("frames (<2,>=1)", "frames<2,>=1"),
        ("frames[sql] (<2) ; python_version > '3'", "frames[sql]<2"),
        ("frames < 2", "frames<2"),
    ],
)
def test_unmet_requirement_of_old_metadata(red, raised, written, asked):
    """With blanks and parentheses, as it was written once, it is a command all the same."""
    asker = Distribution(name="webframe", version="1", modules=("webframe",), requires=(written,))
    frames = Distribution(name="frames", version="2.0", modules=("frames",))

    error = raised("TypeError", "got 2", TEST, "lib/webframe/app.py:3:get")
    made = red(error, distributions=(asker, frames))

    assert made.suggestions()[0].commands == (f"pip install '{asked}'",)


@pytest.mark.parametrize(
    "asked",
    [
        ("ModuleNotFoundError", "No module named 'imp'", {"name": "imp"}),
        ("ImportError", "cannot import name 'formatargspec' from 'inspect' (/x.py)", {}),
        ("AttributeError", "module 'time' has no attribute 'clock'", {"obj": "time"}),
    ],
)
def test_a_library_behind_python_is_brought_to_what_is_asked_for(red, raised, asked):
    """Where somebody says which release of it does."""
    kind, message, attributes = asked
    made = red(
        raised(kind, message, TEST, "lib/frames/table.py:3:<module>", attributes=attributes),
        distributions=(
            Distribution(name="frames", version="2.0", modules=("frames",)),
            Distribution(name="plugs", version="1", requires=("frames (<4,>=3)",)),
        ),
    )

    first = made.suggestions()[0]

    assert made.verdict().culprit.name == "frames"
    assert first.commands == ("pip install 'frames<4,>=3'",)
    assert "plugs 1 asks for frames<4,>=3" in first.text


def test_unmet_requirement_elsewhere_is_no_evidence(red, raised):
    """A conflict that no frame touches explains nothing."""
    verdict = red(raised("TypeError", "got 2", TEST, "lib/other/app.py:3:get")).verdict()

    assert verdict.category == "product_error"


@pytest.mark.parametrize(
    ("requirements", "category"),
    [((), "fixture"), ((requirement("pytest-django"),), "missing_dependency")],
)
def test_generic_fixture_names(red, raised, requirements, category):
    """Without Django anywhere, a fixture `db` is not that of pytest-django."""
    error = raised(LOOKUP, "fixture 'db' not found", attributes={"argname": "db"})

    verdict = red(error, phase="setup", project=Project(requirements=requirements)).verdict()

    assert verdict.category == category


def test_module_of_another_fixture_name(red, raised):
    """A fixture is named as tests ask for it; its function's line finds it."""
    error = raised("ValueError", "x", "tests/conftest.py:9:_make")

    verdict = red(
        error,
        phase="setup",
        fixtures=[("first", "tests/conftest.py", 2), ("second", "tests/conftest.py", 7)],
    ).verdict()

    assert verdict.culprit.name == "second"


def test_host_is_named(red, raised):
    """The host that could not be reached is the culprit."""
    wrapper = raised(
        "requests.exceptions.ConnectionError",
        "HTTPConnectionPool(host='pay.example', port=8443): Max retries exceeded",
        TEST,
    )
    root = raised("ConnectionRefusedError", "", TEST, relation="cause")

    verdict = red(wrapper, root).verdict()

    assert (verdict.kind, verdict.culprit.name) == ("refused", "pay.example:8443")


def test_installed_but_only_names_recorded(red, raised):
    """Where metadata was not recorded, a distribution of the module's name is taken for its owner."""
    made = red(raised("ImportError", "cannot import name 'gone' from 'numpy'", TEST))
    recording = made.recording
    environment = type(recording.run.environment)(distributions={"numpy": "2.3.0"})
    run = type(recording.run)(run_id="r", environment=environment)
    bare = type(recording)(run=run, failures=recording.failures)

    verdict = type(made)(recording=bare, project=Project()).verdict()

    assert (verdict.category, verdict.culprit.name, verdict.culprit.version) == (
        "compatibility",
        "numpy",
        "2.3.0",
    )


@pytest.mark.parametrize(
    ("source", "culprit"),
    [
        ("import google.protobuf", "protobuf"),
        ("from google.protobuf import descriptor", "protobuf"),
        ("from google import protobuf", "protobuf"),
        ("from google.nowhere import x", "google.nowhere.x"),
        ("import google", "google"),
        ("load(google)", "google"),
    ],
)
def test_a_namespace_that_lacks_whole_is_looked_up_as_imported(red, raised, source, culprit):
    """Python names only `google`; the line says what was wanted of it, the longest known name wins."""
    link = raised(
        "ModuleNotFoundError",
        "No module named 'google'",
        "tests/test_a.py:1:<module>",
        source=source,
        attributes={"name": "google"},
    )

    verdict = red(link).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", culprit)


@pytest.mark.parametrize(
    ("fixture", "plugin"),
    [
        ("httpx_mock", "pytest-httpx"),
        ("django_db_setup", "pytest-django"),
        ("worker_id", "pytest-xdist"),
        ("db", None),
    ],
)
def test_a_fixture_that_bears_its_librarys_name_is_the_plugins(red, raised, fixture, plugin):
    """Though the library itself is not installed; a name such as `db` may be anybody's."""
    link = raised(
        "_pytest.fixtures.FixtureLookupError",
        f"fixture '{fixture}' not found",
        attributes={"argname": fixture},
    )

    verdict = red(link, phase="setup").verdict()

    assert (verdict.culprit.name if verdict.category == "missing_dependency" else None) == plugin


def test_a_group_of_a_group_is_raised_where_the_group_is(red, raised):
    """Members that were never raised themselves have no traceback of their own."""
    inner = raised("ExceptionGroup", "inner", members=((raised("KeyError", "'x'"),),))
    outer = raised("ExceptionGroup", "outer", "shop/cart.py:7:total", members=((inner,),))

    verdict = red(outer).verdict()

    assert (verdict.category, verdict.kind) == ("product_error", "exception")


TIMED_OUT = "~~~ Stack of MainThread ~~~\n" + "  File ...\n" * 2000 + "+++ Timeout +++\n"
FAULT = "Fatal Python error: Segmentation fault\n\nThread 0x1:\n  File x\nExtension modules: a\n"


@pytest.mark.parametrize(
    ("exit_code", "text", "kind", "told"),
    [
        (1, TIMED_OUT, "test_timeout", "+++ Timeout +++"),
        (139, TIMED_OUT + FAULT, "segfault", "ended by SIGSEGV"),
        (139, FAULT, "segfault", "wrote last: Fatal Python error: Segmentation fault"),
        (137, "", "killed", "ended by SIGKILL"),
        (143, "bye\n", "killed", "ended by SIGTERM"),
        (9, "giving up\n", "exit", "exit status 9"),
        (9, "giving up\n", "exit", "wrote last: giving up"),
        (None, "", "killed", "died before it ended"),
    ],
)
def test_how_a_process_died_is_told(red, exit_code, text, kind, told):
    """Signal, exit status and last words tell a timeout, a fault, a kill and an exit apart."""
    run = {"state": "died", "exit_code": exit_code}

    verdict = red(phase="crash", message="the process died", text=text, run=run).verdict()

    assert verdict.kind == kind
    assert told in " ".join(verdict.evidence)


def test_a_worker_that_died_says_nothing_of_the_run(red):
    """Where xdist lost a worker, the exit status is the controller's."""
    verdict = red(
        phase="crash",
        message="worker 'gw0' crashed while running 'x'",
        run={"state": "complete", "exit_code": 1},
    ).verdict()

    assert verdict.rule.startswith("crash@")
    assert "exit status" not in " ".join(verdict.evidence)


def test_all_plugins_that_lack_are_named_at_once(red):
    """One suggestion, one command."""
    message = (
        "pytest: error: unrecognized arguments: --cov=x --cov-report=xml -n 4 --reruns 2 --odd"
    )

    best, *_ = red(phase="start", message=message).suggestions()

    assert "`pytest-cov` (--cov, --cov-report), `pytest-xdist` (-n)" in best.text
    assert best.commands == ("pip install pytest-cov pytest-xdist pytest-rerunfailures",)


def test_all_required_plugins_that_lack_are_named_at_once(red):
    """With the versions that the settings ask for."""
    message = "Missing required plugins: pytest-mock, pytest-x>=2"

    best, *_ = red(phase="start", message=message).suggestions()

    assert "`pytest-mock`, `pytest-x>=2`" in best.text
    assert best.commands == ("pip install pytest-mock 'pytest-x>=2'",)


def test_fixtures_in_a_circle_are_one_cause(red, raised):
    """pytest names of each the one that the test asked for first; the verdict names all of them."""
    links = [
        raised(LOOKUP, f"recursive dependency involving fixture {name!r} detected")
        for name in ("basket", "prices")
    ]
    known = [("basket", "tests/conftest.py", 4), ("prices", "tests/conftest.py", 9)]
    made = [red(link, phase="setup", fixtures=known) for link in links]
    failures = tuple(one.recording.failures[0] for one in made)
    both = [  # `failure()` gives the last
        replace(one, recording=one.recording._replace(failures=shown))
        for one, shown in zip(made, (failures[::-1], failures), strict=True)
    ]

    assert {one.verdict().culprit.name for one in both} == {"basket"}
    assert "`basket`, `prices`" in both[1].suggestions()[0].text


@pytest.mark.parametrize(
    ("places", "caller"),
    [
        (("shop/cart.py:7:total", "shop/rows.py:9:__getitem__"), "shop/cart.py:7 in total: x"),
        (("shop/rows.py:7:__getitem__", "shop/rows.py:9:__getitem__"), ""),
        (("shop/rows.py:9:__getitem__",), ""),
        (("shop/cart.py:7:total", "lib/frames/a.py:3:b", "shop/rows.py:9:of"), "shop/cart.py:7"),
    ],
)
def test_the_line_that_called_where_the_product_raised(red, raised, places, caller):
    """What it hands over may be what is wrong, and not the function that stumbles over it."""
    link = raised("TypeError", "x", "tests/test_cart.py:9:test_total", *places, source="x")

    text = red(link).suggestions()[0].text

    assert f"It was called at {caller}" in text if caller else "was called at" not in text


def test_the_file_of_a_module_that_lacks_a_name(red, raised):
    """So that it can be opened at once."""
    link = raised("AttributeError", "module 'shop.cart' has no attribute 'Row'", "shop/a.py:9:b")
    project = Project(name="shop", modules=frozenset({"shop"}), files=("src/shop/cart.py",))

    assert "The module is src/shop/cart.py." in red(link, project=project).suggestions()[0].text
