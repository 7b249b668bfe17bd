"""What it costs to reduce a very red run to its causes: `python benchmarks/grouping.py`.

Failures are made up after real ones: tracebacks of 12 frames, messages whose numbers and paths
differ, tests that assert and have logged, modules that are missing, fixtures that raise. Half and a
tenth as many, of the same signatures, tell whether the cost grows in proportion.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from conftest_kit.records import Environment, Failure, Frame, Raised, Recording, Run
from orchestrator import causes, diagnosis
from orchestrator.checkout.project import Project
from orchestrator.classify import context_of

SIGNATURES = 2000
FAILURES = (10_000, 50_000, 100_000)
EXCEPTION = ("Exception", "BaseException")
_Result = TypeVar("_Result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signatures", type=int, default=SIGNATURES)
    parser.add_argument("--failures", type=int, nargs="+", default=FAILURES)
    wanted = parser.parse_args()
    print("failures  groups  causes  sign and group (s)  per failure (µs)  explain (s)")
    for count in wanted.failures:
        print(_measured(count, wanted.signatures), flush=True)


def _measured(count: int, signatures: int) -> str:
    failures = tuple(_failures(count, signatures))
    environment = Environment(distributions={"pytest": "9.2.0", "numpy": "2.3.0"})
    run = Run(run_id="benchmark", environment=environment, root="/srv/shop")
    recording = Recording(run=run, failures=failures)
    project = Project(name="shop", modules=frozenset({"shop", "tests"}))
    groups, grouping = _timed(lambda: causes.group(failures))
    context = context_of(recording, project)
    found, explaining = _timed(lambda: diagnosis.explain((group, context) for group in groups))
    each = grouping / count * 1e6
    return (
        f"{count:8}  {len(groups):6}  {len(found):6}  {grouping:18.2f}  {each:16.1f}"
        f"  {explaining:11.2f}"
    )


def _timed(call: Callable[[], _Result]) -> tuple[_Result, float]:
    begun = time.process_time()
    result = call()
    return result, time.process_time() - begun


def _failures(count: int, signatures: int) -> Iterator[Failure]:
    kinds = (_product, _asserted, _asserted, _missing, _set_up)
    for number in range(count):
        which = number % signatures
        yield kinds[which % len(kinds)](which, number)


def _product(which: int, number: int) -> Failure:
    message = (
        f"order {number} of customer 0x{number:08x} at /srv/shop/data/{number}/orders.csv "
        f"cannot be priced by rule_{which}: 2026-11-22T08:{number % 60:02}:00Z is too late"
    )
    own = Frame(file=f"shop/rule_{which}.py", line=40, function="price", source="raise PriceError")
    raised = Raised(
        type="shop.errors.PriceError",
        bases=("ValueError", *EXCEPTION),
        message=message,
        frames=(*_way(which), own),
    )
    return _failure(which, number, raised)


def _asserted(which: int, number: int) -> Failure:
    message = f"assert {number} == {number + 1}\n +  where {number} = total([{number}, 0])"
    test = Frame(
        file=f"tests/test_{which}.py",
        line=12,
        function=f"test_{which}",
        source="assert total(basket) == wanted",
        origin="test",
    )
    raised = Raised(type="AssertionError", bases=EXCEPTION, message=message, frames=(test,))
    log = "".join(f"INFO shop:cart.py:{line} priced {number}\n" for line in range(40))
    return _failure(which, number, raised, captured={"log": log})


def _missing(which: int, number: int) -> Failure:
    name = f"warehouse_{which}"
    raised = Raised(
        type="ModuleNotFoundError",
        bases=("ImportError", *EXCEPTION),
        message=f"No module named '{name}'",
        attributes={"name": name},
        frames=_way(which),
    )
    return _failure(which, number, raised)


def _set_up(which: int, number: int) -> Failure:
    own = Frame(file=f"tests/{which}/conftest.py", line=9, function="database", origin="test")
    raised = Raised(
        type="LookupError",
        bases=EXCEPTION,
        message=f"no table in database {number}",
        frames=(own,),
    )
    return _failure(which, number, raised, phase="setup")


def _failure(which: int, number: int, raised: Raised, **fields: object) -> Failure:
    nodeid = f"tests/test_{which}.py::test_{which}[{number}]"
    made = Failure(nodeid=nodeid, phase="call", message=raised.message, exceptions=(raised,))
    return made._replace(**fields)


def _way(which: int) -> tuple[Frame, ...]:
    test = Frame(file=f"tests/test_{which}.py", line=9, function=f"test_{which}", origin="test")
    between = (
        Frame(file=f"framework/layer_{depth}.py", line=depth, function="call", origin="installed")
        for depth in range(10)
    )
    return (test, *between)


if __name__ == "__main__":
    main()
