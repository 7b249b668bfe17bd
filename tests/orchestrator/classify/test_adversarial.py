"""Failures that look like something else."""

from __future__ import annotations

import time

import pytest

TEST = "tests/test_cart.py:9:test_total"
SHOP = "shop/cart.py:7:total"
QUOTED = [
    "No module named 'yaml'",
    "ModuleNotFoundError: No module named 'yaml'",
    "fixture 'mocker' not found",
    "ScopeMismatch: You tried to access the function scoped fixture a with a session scoped request",
    'Form data requires "python-multipart" to be installed. pip install python-multipart',
    "cannot import name 'Row' from 'frames'",
    "module 'numpy' has no attribute 'float'",
    "libGL.so.1: cannot open shared object file: No such file or directory",
    "Timeout >1.0s",
    "[Errno 98] Address already in use",
    "numpy.dtype size changed, may indicate binary incompatibility",
    "import file mismatch:",
    "unrecognized arguments: --cov",
    "[XPASS(strict)]",
    "HTTP Error 503: Service Unavailable",
    "got an unexpected keyword argument 'x'",
]


@pytest.mark.parametrize("message", QUOTED)
@pytest.mark.parametrize("frame", ["assert {!r} == ''", "{}", "wanted x\n{}"])
def test_quotes_do_not_decide(red, raised, message, frame):
    """What an assertion's message quotes is never read."""
    verdict = red(raised("AssertionError", frame.format(message), TEST)).verdict()

    assert verdict.category == "assertion"


@pytest.mark.parametrize("message", QUOTED)
def test_quotes_in_product_errors_do_not_decide(red, raised, message):
    """Nor is what an exception of the product's own quotes, unless it asks for an installation."""
    verdict = red(raised("shop.errors.CartError", message, TEST, SHOP)).verdict()

    asks = "pip install" in message
    assert verdict.category == ("missing_dependency" if asks else "product_error")


@pytest.mark.parametrize(
    ("kind", "message", "bases"),
    [
        ("NameError", "name 'TimeoutSetting' is not defined", ()),
        ("ValueError", "TimeoutSetting must be positive, not 'timeout'", ()),
        ("shop.errors.NetworkSettingError", "ConnectionError is no colour", ("ValueError",)),
        ("KeyError", "'MemoryError'", ()),
        ("KeyError", "'HOME'", ()),
    ],
)
def test_names_do_not_decide(red, raised, kind, message, bases):
    """A variable, value or class that is called like another error is not that error."""
    verdict = red(raised(kind, message, TEST, SHOP, bases=bases)).verdict()

    assert verdict.category == "product_error"


@pytest.mark.parametrize(
    ("attributes", "kind", "category"),
    [
        ({"errno": 98}, "OSError", "environment"),
        ({"errno": 28}, "OSError", "resource"),
        ({"errno": 2, "filename": "datei"}, "FileNotFoundError", "environment"),
        ({"errno": 13}, "PermissionError", "environment"),
        ({"errno": 111}, "ConnectionRefusedError", "network"),
    ],
)
def test_localised_messages(red, raised, attributes, kind, category):
    """The number or the type decides, in whatever language the system speaks."""
    message = f"[Errno {attributes['errno']}] Das System sagt es auf Deutsch: « non »"

    verdict = red(raised(kind, message, TEST, SHOP, attributes=attributes)).verdict()

    assert verdict.category == category


@pytest.mark.parametrize("relation", ["cause", "context"])
@pytest.mark.parametrize("depth", [1, 5])
def test_wrapped_causes(red, raised, relation, depth):
    """Under however many wrappers, the root of the chain decides."""
    wrappers = [raised("RuntimeError", f"wrapper {n}", TEST) for n in range(depth)]
    root = raised("ModuleNotFoundError", "No module named 'yaml'", TEST, relation=relation)

    verdict = red(*wrappers, root).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "PyYAML")


def test_informative_wrapper(red, raised):
    """A wrapper that says what is missing counts where the root says nothing of it."""
    wrapper = raised(
        "ImportError", "Please install python-multipart", TEST, "lib/webframe/a.py:1:x"
    )
    root = raised("KeyError", "'multipart'", "lib/webframe/a.py:1:x", relation="cause")

    verdict = red(wrapper, root).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "python-multipart")


def test_handled_lookup_does_not_decide(red, raised):
    """An exception that was handled on the way is not the cause of one in a later call."""
    outer = raised("ValueError", "bad price", TEST, SHOP)
    handled = raised("KeyError", "'price'", TEST, relation="context")

    verdict = red(outer, handled).verdict()

    assert (verdict.category, verdict.culprit.name) == ("product_error", "shop/cart.py")


def test_groups_are_looked_into(red, raised):
    """A group is what its most telling member is, however deep."""
    member = raised("ModuleNotFoundError", "No module named 'yaml'", TEST)
    inner = raised(
        "ExceptionGroup", "inner", members=((raised("ValueError", "x", TEST),), (member,))
    )
    outer = raised(
        "ExceptionGroup", "outer (2)", TEST, members=((raised("KeyError", "'x'"),), (inner,))
    )

    verdict = red(outer).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "PyYAML")


@pytest.mark.parametrize(
    "kind", ["AssertionError", "ValueError", "ImportError", "KeyError", "OSError"]
)
@pytest.mark.parametrize("message", ["", " ", "\n\n", "\x00", "\ud800", "{distribution}", "%s %d"])
def test_odd_messages(red, raised, kind, message):
    """Empty and odd messages never raise, and always leave something to do."""
    made = red(raised(kind, message, TEST))

    assert made.verdict().evidence
    assert made.suggestions()[0].text


HUGE = [
    "a" * 1_000_000,
    "No module named '" + "a." * 500_000,
    "cannot import name '" + "a" * 1_000_000,
    "() got an unexpected keyword argument " * 30_000,
    "requires " * 120_000,
    "pip install " * 90_000,
    "(" * 1_000_000,
    "/x" * 500_000 + ".so",
    "\n" * 1_000_000,
    "'a' 'a' " * 120_000,
]


@pytest.mark.parametrize("message", HUGE, ids=lambda message: repr(message[:24]))
@pytest.mark.parametrize(
    "kind",
    [
        "ModuleNotFoundError",
        "ImportError",
        "TypeError",
        "AttributeError",
        "RuntimeError",
        "Failed",
        "OSError",
    ],
)
def test_huge_messages_are_cheap(red, raised, kind, message):
    """A message of 1 MB is read within bounds: no pattern runs away on it."""
    made = red(raised(kind, message, TEST, "lib/webframe/a.py:1:x"))
    made.verdict()  # files are read once

    begun = time.process_time()
    made.verdict()

    assert time.process_time() - begun < 0.25


def test_no_exception_at_all(red):
    """What nothing explains is unknown, with low confidence and what was looked at."""
    made = red(message="it went wrong", phase="call")

    verdict, (suggestion, *_) = made.verdict(), made.suggestions()

    assert (verdict.category, verdict.kind, verdict.culprit) == ("unknown", "", None)
    assert verdict.confidence < 0.2
    assert verdict.evidence[0] == "it went wrong"
    assert "The cause is unknown" in suggestion.text


@pytest.mark.parametrize(
    "name", ["requests; rm -rf /", "a && b", "--index-url=x", "$(id)", "../../etc", "x" * 300]
)
def test_no_command_from_a_hostile_name(red, raised, name):
    """A name that is none becomes no command, whatever a message says."""
    chains = [
        raised("ModuleNotFoundError", f"No module named '{name}'", TEST, attributes={"name": name}),
        raised("RuntimeError", f'requires "{name}" to be installed', "lib/webframe/a.py:1:x"),
        raised("ImportError", f"pip install {name}", "lib/webframe/a.py:1:x"),
    ]

    commands = [
        command
        for chain in chains
        for suggestion in red(chain).suggestions()
        for command in suggestion.commands
    ]

    assert not any(
        sign in command for command in commands for sign in (";", "&", "$", "--index", "..")
    )
