"""What a case keeps of a checkout."""

from __future__ import annotations

import pytest

from conftest_kit.records import Failure, Frame, Raised, Recording, Run
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source
from orchestrator.evaluate.keeping import documents

HOLDS = {
    "": ("Cart", "total"),
    "Cart": ("price",),
    "Cart.add()": ("row",),
    "total()": ("rows",),
    "Till": ("rows",),
}


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("'Cart' object has no attribute 'prise'", {"Cart", "Cart.add()"}),
        ("total() got an unexpected keyword argument 'row'", {"total()"}),
        ("cannot import name 'totals' from 'shop.cart' (shop/cart.py)", {""}),
        ("assert 1 == 2", set()),
    ],
)
def test_what_there_is_to_ask_of_what_an_exception_names(message, kept):
    """All of a file would make a case many times as large."""
    frame = Frame(file="shop/cart.py", line=3, function="total", origin="project")
    raised = Raised(type="ValueError", message=message, frames=(frame,))
    failure = Failure(nodeid="tests/test_a.py::test_a", phase="call", exceptions=(raised,))
    project = Project(name="shop", sources={"shop/cart.py": Source(holds=HOLDS)})

    found = documents(
        Recording(run=Run(run_id="1"), failures=(failure,)),
        project,
        name="case",
        label={},
        before=None,
    )

    (said,) = found["project.json"]
    assert set(said.get("sources", {}).get("shop/cart.py", {}).get("holds", {})) == kept
