"""What the releases of a library tell of a failure: what left, what came later, and whose it is."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
SHOP = "shop/cart.py:7:total"
INSIDE = "lib/flask_menu/views.py:3:show"
GONE = "cannot import name 'locked_cached_property' from 'flask.helpers' (/v/flask/helpers.py)"
LATER = "cannot import name 'stream_template' from 'flask' (/v/flask/__init__.py)"


def flask(version):
    """A release of Flask that is installed."""
    return Distribution(name="Flask", version=version, modules=("flask",))


MENU = Distribution(
    name="flask-menu", version="1.0", modules=("flask_menu",), requires=("flask>=0.10",)
)
IMPORTING = Project(
    name="shop",
    modules=frozenset({"shop"}),
    sources={"shop/cart.py": Source(imports={"Flask": "flask.Flask"})},
)


@pytest.mark.parametrize(
    ("message", "version", "expected"),
    [
        (
            GONE,
            "3.0.3",
            ("flask<3", "`flask.helpers.locked_cached_property` left Flask with 3.0: ", "2.3.3"),
        ),
        (
            LATER,
            "2.1.3",
            ("flask>=2.2", "`flask.stream_template` came to Flask with 2.2: ", "2.2.5"),
        ),
    ],
)
def test_a_name_is_looked_up_in_the_releases(red, raised, message, version, expected):
    """The release that it left or came with is named, and those that have it are suggested."""
    made = red(raised("ImportError", message, TEST), distributions=(flask(version),))

    verdict, suggestions = made.verdict(), made.suggestions()

    pin, change, has = expected
    assert (verdict.category, verdict.culprit.name) == ("compatibility", "Flask")
    assert verdict.confidence >= 0.9
    looked_up = f"looked up in the releases, {has} has it and {version} has not"
    assert f"{change}{looked_up}" in verdict.evidence
    assert any(pin in command.lower() for command in suggestions[0].commands)


@pytest.mark.parametrize(
    "message",
    [
        "<module 'flask.helpers' from '/v/helpers.py'> does not have the attribute 'find_package'",
        "<class 'flask.app.Flask'> does not have the attribute 'make_null_session'",
        "module 'flask.helpers' has no attribute 'find_package'",
        "type object 'Flask' has no attribute 'make_null_session'",
    ],
)
def test_what_is_to_be_patched_is_looked_up_too(red, raised, message):
    """`mock.patch` has words of its own."""
    patching = "std/unittest/mock.py:1430:get_original"
    of_class = {"obj": "flask.app.Flask"} if message.startswith("type") else {}
    made = red(
        raised("AttributeError", message, TEST, patching, attributes=of_class),
        distributions=(flask("3.0.3"),),
    ).verdict()

    assert (made.rule, made.culprit.name) == ("name-left-release@1", "Flask")


@pytest.mark.parametrize(
    ("derives", "is_known"),
    [
        (["flask.app.Flask", "flask.sansio.app.App"], True),
        (["shop.base.Base", "flask.app.Flask"], True),
        (["shop.base.Base"], False),
        ("flask.app.Flask", False),
    ],
)
def test_what_a_class_of_ones_own_has_from_a_library(red, raised, derives, is_known):
    """The class that lacks the name is the project's; that had it from the one above it."""
    message = "'Shop' object has no attribute 'make_null_session'"
    known = {"obj": "shop.cart.Shop", "name": "make_null_session", "derives": derives}
    made = red(
        raised("AttributeError", message, TEST, attributes=known),
        project=IMPORTING,
        distributions=(flask("3.0.3"),),
    ).verdict()

    assert (made.culprit.name == "Flask") is is_known


@pytest.mark.parametrize(
    ("message", "version"),
    [(GONE, "2.3.3"), (GONE, "1.0.1"), (GONE, "unknown"), (LATER, "2.2.5"), (LATER, "3.0.0")],
)
def test_what_the_installed_release_has_is_no_change(red, raised, message, version):
    """A file of the same name or an edit of what is installed may be in the way."""
    made = red(raised("ImportError", message, TEST), distributions=(flask(version),))

    assert "looked up" not in " ".join(made.verdict().evidence)


def test_the_projects_own_module_of_that_name_is_no_library(red, raised):
    """A checkout that holds a package `flask` asks itself."""
    own = Project(name="flask", modules=frozenset({"flask"}), files=("flask/__init__.py",))
    made = red(raised("ImportError", GONE, TEST), project=own, distributions=(flask("3.0.3"),))

    assert "looked up" not in " ".join(made.verdict().evidence)


@pytest.mark.parametrize(
    ("message", "source", "rule"),
    [
        (
            "Flask.__init__() got an unexpected keyword argument 'static_path'",
            "app = Flask(__name__, static_path='/s')",
            "call-changed-in-release@1",
        ),
        (
            "ScriptInfo.__init__() got an unexpected keyword argument 'load_dotenv_defaults'",
            "info = make(load_dotenv_defaults=True)",
            "likely-came-later@1",
        ),
        (
            "find_app_by_string() takes 2 positional arguments but 3 were given",
            "Flask.x(find_app_by_string(info, a, b))",
            "call-changed-in-release@1",
        ),
        (
            "Blueprint.register() missing 1 required positional argument: 'options'",
            "blueprint.register(app)",
            "unknown",
        ),
    ],
)
def test_calls_are_looked_up(red, raised, message, source, rule):
    """Whose a function is, is shown by what the line imports, else likely for what the file does."""
    made = red(
        raised("TypeError", message, SHOP, source=source),
        project=IMPORTING,
        distributions=(flask("3.0.3"),),
    )

    found = made.verdict()
    looked_up = "looked up in the releases" in " ".join(found.evidence)

    assert (found.rule == rule) is looked_up


@pytest.mark.parametrize(
    ("name", "version", "rule"),
    [
        ("make_null_session", "3.0.3", "likely-left-release@1"),
        ("from_file", "1.1.4", "likely-came-later@1"),
        ("make_null_session", "1.1.4", ""),
        ("zzyzx", "3.0.3", ""),
    ],
)
def test_what_a_base_lacks_is_looked_up_in_all_classes(red, raised, name, version, rule):
    """`super().name` tells no class; what the file imports may have one of them."""
    message = f"'super' object has no attribute '{name}'"
    made = red(
        raised("AttributeError", message, SHOP, attributes={"obj": "super", "name": name}),
        project=IMPORTING,
        distributions=(flask(version),),
    ).verdict()

    assert (made.rule if "looked up" in " ".join(made.evidence) else "") == rule


def test_a_function_of_any_name_may_be_anybodys(red, raised):
    """Only a class and its method are telling where no import shows whose it is."""
    message = "load_dotenv() got an unexpected keyword argument 'load_defaults'"
    made = red(
        raised("TypeError", message, SHOP, source="start(load_defaults=True)"),
        project=IMPORTING,
        distributions=(flask("3.0.3"),),
    )

    assert "looked up" not in " ".join(made.verdict().evidence)


def test_what_a_library_calls_is_what_it_requires(red, raised):
    """The class is that of one it asks for, where that changed; it need not be imported by own code."""
    message = "Flask.__init__() got an unexpected keyword argument 'static_path'"
    made = red(
        raised("TypeError", message, TEST, INSIDE), distributions=(flask("3.0.3"), MENU)
    ).verdict()

    assert (made.rule, made.culprit.name.lower()) == ("likely-left-release@1", "flask")


def test_a_library_that_asks_for_what_came_later_is_not_behind(red, raised):
    """It is the one that it asks which is too old."""
    made = red(
        raised("ImportError", LATER, TEST, "lib/flask_menu/views.py:3:<module>"),
        distributions=(flask("2.1.3"), MENU),
    ).verdict()

    assert (made.rule, made.culprit.name) == ("name-came-later@1", "Flask")


def test_a_library_that_asks_for_what_left_is_behind(red, raised):
    """Unless it is held back; what it asks for may be held back as well."""
    made = red(
        raised("ImportError", GONE, TEST, "lib/flask_menu/views.py:3:<module>"),
        distributions=(flask("3.0.3"), MENU),
    )

    commands = [command for one in made.suggestions() for command in one.commands]
    assert made.verdict().rule == "asker-behind@2"
    assert any("flask<3" in command.lower() for command in commands)


def test_what_is_written_by_hand_stands_before(red, raised):
    """It says what to write instead."""
    message = "cannot import name 'url_quote' from 'werkzeug.urls' (/v/werkzeug/urls.py)"
    werkzeug = Distribution(name="Werkzeug", version="3.0.1", modules=("werkzeug",))

    made = red(raised("ImportError", message, TEST), distributions=(werkzeug,)).verdict()

    assert made.rule == "known-removed-name@1"
