"""What a test reaches: the distributions that it uses, through which functions of the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from packaging.utils import canonicalize_name

from orchestrator.checkout.source import module_name
from orchestrator.classify.code.tested import home
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Facts
from orchestrator.classify.imports.modules import is_own

_MAX_FUNCTIONS = 100


class _Function(NamedTuple):
    """A function of the project, a method, or a class that is made."""

    file: str
    name: str


def used(facts: Facts) -> tuple[str, ...]:
    """Normalised names of what the test's own function and fixtures use, and the functions of the
    project that these call, the nearest first; empty where no source tells.
    """
    found: dict[str, None] = {}
    waiting = list(_first(facts))
    for place, one in enumerate(waiting):
        if place == _MAX_FUNCTIONS:
            break
        for dotted in _asked(facts, one):
            if owner := None if _is_own(facts, dotted) else owner_of(facts, dotted):
                found[canonicalize_name(owner.name)] = None
            elif (further := _function(facts, one.file, dotted)) and further not in waiting:
                waiting.append(further)
    return tuple(found)


def _first(facts: Facts) -> Iterator[_Function]:
    """The test, and the fixtures that it was given."""
    name = facts.failure.nodeid.partition("::")[2].partition("[")[0]
    yield _Function(facts["test_file"], name.replace("::", "."))
    given = {(one.file, one.name) for one in facts.failure.fixtures}
    for fixture in facts.context.project.fixtures:
        if (fixture.file, fixture.name) in given:
            yield _Function(fixture.file, fixture.function)


def _asked(facts: Facts, function: _Function) -> Iterator[str]:
    """Dotted names, as they are imported; of a class that is made what its methods ask too."""
    said = facts.context.project.source(function.file)
    for name, asked in said.mentions.items():
        if name == function.name or name.startswith(f"{function.name}."):
            for dotted in asked:
                first, _, rest = dotted.partition(".")
                known = said.imports.get(first, f"{module_name(function.file)}.{first}")
                yield f"{known}.{rest}".rstrip(".")


def _is_own(facts: Facts, dotted: str) -> bool:
    return bool(facts.context.project.file_of(dotted)) or is_own(facts, dotted.partition(".")[0])


def _function(facts: Facts, asking: str, dotted: str) -> _Function | None:
    """The function of the project that a dotted name means: `shop.cart.Cart.of`, or its class."""
    project, parts = facts.context.project, dotted.split(".")
    for length in range(len(parts) - 1, 0, -1):
        module, names = ".".join(parts[:length]), parts[length:]
        is_here = module == module_name(asking)
        file = asking if is_here else home(project, ".".join(parts[: length + 1]))
        mentions = project.source(file).mentions if file else {}
        for name in (".".join(names[:2]), names[0]):
            if any(f"{one}.".startswith(f"{name}.") for one in mentions):
                return _Function(file, name)
    return None
