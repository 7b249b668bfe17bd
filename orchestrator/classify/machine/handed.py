"""Facts about modules that are imported by a name that a setting, an option or a variable gives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.harness.settings import LISTS, words

_OF_MODULES = re.compile(r"_(?:MODULE|SETTINGS|APP)$")
_OF_ADDRESSES = re.compile(r"_(?:URL|URI|DSN)$")
_HANDED = re.compile(r"import_module\((?!['\"])|import_string\(|_gcd_import\(name\[level:\]")
_WORD = re.compile(r"[a-z]{3,}")


def _module_setting(facts: Facts) -> str:
    """The option, or the setting, whose value is the module, or begins with it where that is, or
    may be a misspelt one, of the project's; none for what a distribution brings, which is lacking.
    """
    module, in_project = facts["module"], facts["module_state"] == "project"
    if not module or not (in_project or facts["distribution_source"] == "unverified"):
        return ""
    near = {facts["nearest_module"], facts["meant_module"]}
    is_own = in_project or near & facts.context.project.modules
    prefix = f"{module}." if is_own else module
    given = facts.context.project.settings.items()
    # The command line is stronger than a settings file.
    values = [word.partition("=")[::2] for word, _ in words(facts) if word.startswith("--")]
    values += [(name, value.strip()) for name, value in given if name not in LISTS]
    return next((name for name, value in values if _names(value, module, prefix)), "")


def _names(value: str, module: str, prefix: str) -> bool:
    named = value.partition(":")[0]
    return named == module or (prefix != module and named.startswith(prefix))


def _module_variable(facts: Facts) -> str:
    """The variable that names what a framework imports, where a name that was handed over could not
    be imported and neither the command nor the setting of this name asks for it.

    A variable is stronger than a setting: https://pytest-django.readthedocs.io/en/latest/configuring_django.html
    """
    handed = any(_HANDED.search(frame.source) for frame in facts.link.frames)
    # What was raised in the place of an import's own exception does not show the import.
    raised_again = facts.link.type == "ImportError"
    is_told = any(word.startswith("--ds") for word in facts.context.recording.run.command)
    if is_told or not (handed or raised_again):
        return ""
    sure = handed and facts["module_state"] == "absent"
    return next((name for name in _fitting(facts) if sure or _is_like(name, facts["module"])), "")


def _fitting(facts: Facts) -> Iterator[str]:
    """Variables that may have named the module: what no module can be called is a part of an
    address; else one that no setting gives as well comes first.
    """
    settings, module = facts.context.project.settings, facts["module"]
    variables = facts.context.recording.run.environment.variables
    named = [name for name in variables if _OF_MODULES.search(name)]
    if not module.replace(".", "_").isidentifier():
        yield from (name for name in variables if _OF_ADDRESSES.search(name))
    top = module.partition(".")[0]
    yield from (name for name in named if name not in settings)
    yield from (name for name in named if settings.get(name, "").partition(".")[0] != top)


def _is_like(variable: str, module: str) -> bool:
    """Whether a word of the variable's name stands in the module's, below the top level:
    `DJANGO_SETTINGS_MODULE`, `shop.test_settings`.
    """
    inside = module.partition(".")[2] or module
    return bool({*_WORD.findall(variable.lower())} & {*_WORD.findall(inside.lower())})


FACTS: dict[str, Fact] = {
    "module_setting": _module_setting,
    "module_variable": _module_variable,
}
