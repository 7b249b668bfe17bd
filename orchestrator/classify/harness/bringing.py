"""Facts about a fixture that is not found: which plugin is meant that has one of its name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from orchestrator.classify.distributions.mapping import imports
from orchestrator.classify.distributions.plugins import WIDELY_USED, Plugin, plugins
from orchestrator.classify.facts import Context, Fact, Facts

_CLEARLY = 5
"""How many times as far down the list the next one stands, where there is no question."""
_NAMED = 4
_DECLARED, _INSTALLED, _FOR_DECLARED, _FOR_INSTALLED, _UNSEEN = range(5)
_WORD = 4


def plugin_of_fixture(facts: Facts) -> Plugin | None:
    """Who brings it: a plugin the project asks for, else one installed, else one for a library that
    the project uses, else the most used.
    """
    return next(iter(facts.once(_bringing)), None)


def _bringing(facts: Facts) -> list[Plugin]:
    """All that bring a fixture of this name, the likeliest first."""
    name = facts["fixture"]
    found = [one for one in plugins() if one.brings("fixtures", name)] if name else []
    return sorted(found, key=lambda one: _farness(facts, one))


def _farness(facts: Facts, plugin: Plugin) -> int:
    project, installed = facts.context.project, facts.context.installed
    if project.declared((plugin.distribution,)):
        return _DECLARED
    if installed.has(plugin.distribution):
        return _INSTALLED
    serves = _serves(plugin)
    if serves and project.declared((serves,)):
        return _FOR_DECLARED
    return _FOR_INSTALLED if serves and installed.has(serves) else _UNSEEN


def _serves(plugin: Plugin) -> str:
    """What the plugin is for, by its name."""
    serves = plugin.distribution.removeprefix("pytest-")
    return serves if serves != plugin.distribution else ""


def _plugin_fits(facts: Facts) -> str:
    """`yes` where nobody else is likely to bring the fixture; `likely` for the plugin of a library
    that the project uses, where those of others bring one of its name too. Where it uses several
    such libraries alike, none fits.

    Without Django, a fixture `db` is not that of pytest-django; `django_db_setup` is. What only
    plugins bring that few use (`app`) is rather the project's own; so is what has a near one within
    reach that nobody asks for, where nobody asks for the plugin.
    """
    bringing = facts.once(_bringing)
    if not bringing:
        return "yes" if facts["plugin"] else ""
    first, *others = bringing
    farness = _farness(facts, first)
    if farness > _INSTALLED and facts["unused_near"]:
        return ""
    if farness in (_FOR_DECLARED, _FOR_INSTALLED) and others:
        return "likely" if _farness(facts, others[0]) > farness else ""
    if farness < _UNSEEN:
        return "yes"
    return "yes" if _is_meant(facts["fixture"], first, others) else ""


def _is_meant(fixture: str, plugin: Plugin, others: list[Plugin]) -> bool:
    """Whether the name of a fixture speaks for a plugin of which nothing else is seen."""
    serves = _serves(plugin)
    within = len(fixture) > _WORD and fixture in serves
    if serves and (within or serves in fixture or _has_word(fixture, serves)):
        return True
    bring = imports().modules.get(serves, (plugin.distribution,))
    place = _place(plugin)
    clear = not others or _place(others[0]) >= _CLEARLY * place
    return plugin.distribution in bring and place <= WIDELY_USED and clear


def _has_word(fixture: str, serves: str) -> bool:
    words = {word for word in serves.split("-") if len(word) >= _WORD}
    return not words.isdisjoint(fixture.split("_"))


def _place(plugin: Plugin) -> int:
    return plugins().index(plugin) + 1


def _plugins_of_its_name(facts: Facts) -> str:
    """The plugins that bring a fixture of this name, where none is settled on."""
    if facts["plugin_fits"] == "yes":
        return ""
    names = (one.distribution for one in facts.once(_bringing)[:_NAMED])
    return ", ".join(f"`{name}`" for name in names)


def _other_plugins(facts: Facts) -> str:
    """Who brings one beside the plugin that is likely meant."""
    names = (one.distribution for one in facts.once(_bringing)[1:_NAMED])
    return ", ".join(f"`{name}`" for name in names)


def _fixture_of_nobody(facts: Facts) -> str:
    """The fixture, where no known plugin brings one of its name."""
    return "" if facts.once(_bringing) else facts["fixture"]


def _others_asking(facts: Facts) -> str:
    """The other functions of the run that ask for a fixture of this name, in vain."""
    here = facts["fixture_asked_for_by"] or facts["test"].partition("[")[0]
    found = dict.fromkeys(facts.context.once(_asking).get(facts["fixture"], ()))
    names = [name for name in found if name != here]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(f"`{name}`" for name in names[:_NAMED]) + more


def _asking(context: Context) -> Mapping[str, list[str]]:
    """By fixture that nobody defines: the tests that ask for it, or the fixtures that do."""
    asking: defaultdict[str, list[str]] = defaultdict(list)
    for failure in context.recording.failures:
        for link in failure.exceptions[:1]:
            facts = context.facts(failure, link)
            if name := facts.attribute("argname"):
                test = failure.nodeid.partition("[")[0]
                asking[name].append(facts["fixture_asked_for_by"] or test)
    return asking


FACTS: dict[str, Fact] = {
    "fixture_of_nobody": _fixture_of_nobody,
    "other_plugins": _other_plugins,
    "others_asking": _others_asking,
    "plugin_fits": _plugin_fits,
    "plugins_of_its_name": _plugins_of_its_name,
}
