from __future__ import annotations

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.causes.likeness import likeness

FRAMES = (
    Frame(file="tests/test_a.py", line=3, function="test_a", source="load(path)", origin="test"),
    Frame(file="shop/io.py", line=9, function="load", source="parse(text)"),
    Frame(file="json/decoder.py", line=1, function="decode", source="raise E", origin="stdlib"),
)


def failure(message="bad line 17 of /srv/a/b.json", frames=FRAMES):
    """One whose exception was raised in the standard library."""
    raised = Raised(type="json.decoder.JSONDecodeError", message=message, frames=frames)
    return Failure(nodeid="tests/test_a.py::test_a", phase="call", exceptions=(raised,))


def test_what_raised_it_and_what_it_says():
    """Without what differs from run to run; own code first, then the deepest."""
    assert likeness([failure()]) == (
        "JSONDecodeError: bad line <n> of <dir>/b.json\nparse(text)\ndecode raise E"
    )


def test_without_a_traceback():
    """The exception is enough."""
    assert likeness([failure(frames=())]) == "JSONDecodeError: bad line <n> of <dir>/b.json"


def test_without_an_exception():
    """The message is."""
    died = Failure(nodeid="t", phase="crash", message="worker 'gw3' crashed after 3.5 s")

    assert likeness([died]) == "worker '<worker>' crashed after <n> s"


def test_without_a_failure():
    """A cause that a metrics file counts looks like nothing."""
    assert likeness([]) == ""


def test_it_is_short():
    """Whatever a message holds."""
    assert len(likeness([failure(message="x y " * 100_000)])) <= 1500
