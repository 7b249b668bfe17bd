"""Facts about a module that is there and is another than the one that an import means."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.mapping import imports, known_names
from orchestrator.classify.distributions.owners import asking, asks
from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.rules import knowledge

_NOT_A_PACKAGE = re.compile(r"; '[\w.]{1,200}' is not a package")


def _single_file_of(facts: Facts) -> str:
    """The installed distribution whose module answers for the top level, where the files of the
    checkout are known and none of them does.
    """
    top, files = facts["top"], facts.context.project.files
    owners = facts.context.installed.modules.get(top, ())
    own = any(f"/{file}".endswith(f"/{top}.py") for file in files)
    return owners[0].name if files and not own and len(owners) == 1 else ""


def _stand_in(facts: Facts) -> str:
    """The distribution that an import means and that is not installed, where another brings a
    module of this name: one of the module's own name that is asked for; else, of a module that is
    no package, one that is known to bring it, or bears its name.
    """
    top, owner, has = facts["top"], facts["single_file_of"], facts.context.installed.has
    named = canonicalize_name(top) if top else ""
    own = {*facts.context.project.modules, *knowledge("stdlib")["names"]}
    if not owner or has(named) or top in imports().namespaces or top in own:
        return ""
    if facts["stand_in_said"]:
        return named
    known = (name for name in known_names(top) if not has(name))
    return next(known, named) if is_no_package(facts) else ""


def is_no_package(facts: Facts) -> bool:
    """Whether a module stands where a package is expected."""
    return bool(_NOT_A_PACKAGE.search(facts.link.message[:500]))


def _stand_in_said(facts: Facts) -> str:
    """Who asks for the distribution of the module's own name."""
    named = canonicalize_name(facts["top"]) if facts["top"] else ""
    declared = facts.context.project.declared((named,)) if named else None
    if declared:
        return f"{declared.file} asks for it: {declared.text}"
    for owner, extra in asking(facts, named) if named else ():
        return asks(owner, extra)
    return ""


FACTS: dict[str, Fact] = {
    "single_file_of": _single_file_of,
    "stand_in": _stand_in,
    "stand_in_said": _stand_in_said,
}
