"""Every fact that a rule may ask for, by its name."""

from __future__ import annotations

from orchestrator.classify.changes import edited, since_green
from orchestrator.classify.code import calls, optional, tested
from orchestrator.classify.distributions import owners
from orchestrator.classify.exceptions import (
    complaints,
    differences,
    groups,
    lacked,
    raised,
    returned,
)
from orchestrator.classify.harness import (
    around,
    asynchronous,
    bringing,
    brought,
    fixtures,
    giving,
    kept,
    refusals,
    scopes,
    settings,
    switched_off,
    xunit,
)
from orchestrator.classify.imports import (
    circles,
    fallbacks,
    modules,
    platforms,
    stand_ins,
    standard,
)
from orchestrator.classify.machine import (
    files,
    handed,
    hosts,
    interpreters,
    left,
    locales,
    peculiar,
    programs,
    remote,
    uses,
    zones,
)
from orchestrator.classify.names import dialects, misnamed, nearest, slips, spelling
from orchestrator.classify.releases import asked, askers, breaks, out_of_step, pins, released

TOPICS = (
    raised,
    modules,
    misnamed,
    circles,
    standard,
    stand_ins,
    handed,
    spelling,
    nearest,
    slips,
    owners,
    calls,
    fixtures,
    scopes,
    xunit,
    around,
    giving,
    kept,
    left,
    groups,
    brought,
    bringing,
    asynchronous,
    refusals,
    settings,
    switched_off,
    files,
    programs,
    hosts,
    dialects,
    interpreters,
    remote,
    since_green,
    complaints,
    edited,
    breaks,
    released,
    pins,
    optional,
    fallbacks,
    tested,
    uses,
    peculiar,
    asked,
    askers,
    out_of_step,
    returned,
    differences,
    locales,
    zones,
    platforms,
    lacked,
)
CATALOGUE = {name: fact for topic in TOPICS for name, fact in topic.FACTS.items()}
