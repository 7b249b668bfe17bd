"""Facts about modules that there are on other systems than the one that the run was on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.mapping import known_names
from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.rules import knowledge

_SAID = {"Darwin": "macOS"}


def _elsewhere(facts: Facts) -> Mapping[str, Any] | None:
    """The entry of `platforms.toml` on an absent module, where the run was on another system."""
    top, system = facts["top"], _system(facts)
    if not top or not system or facts["module_state"] in ("", "project", "unreachable", "removed"):
        return None
    only = next((one for one in knowledge("platforms")["only"] if _is_of(one, top)), None)
    return only if only and system not in only["systems"] else None


def _is_of(only: Mapping[str, Any], top: str) -> bool:
    brought = [canonicalize_name(name) for name in known_names(top)[:1]]
    named = top in only["stdlib"] or top in only["modules"] or top.startswith((*only["prefixes"],))
    return named or any(name in only["distributions"] for name in brought)


def _other_system(facts: Facts) -> str:
    """The systems that have it: `Windows`."""
    only = facts.once(_elsewhere)
    return str(only["said"]) if only else ""


def _other_system_check(facts: Facts) -> str:
    """How code asks whether it runs there."""
    only = facts.once(_elsewhere)
    return str(only["check"]) if only else ""


def _other_system_stdlib(facts: Facts) -> str:
    """`yes` where it is a part of Python there."""
    only = facts.once(_elsewhere)
    return "yes" if only and facts["top"] in only["stdlib"] else ""


def _system(facts: Facts) -> str:
    """What the run was on, as `platform.system()` has it."""
    return facts.context.recording.run.environment.platform.get("system", "")


FACTS: dict[str, Fact] = {
    "other_system": _other_system,
    "other_system_check": _other_system_check,
    "other_system_stdlib": _other_system_stdlib,
    "system_said": lambda facts: _SAID.get(_system(facts), _system(facts)),
}
