"""Facts about hosts: which one an exception, a log or the code that led there names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, zip_longest

from conftest_kit.records import Frame
from orchestrator.checkout.source import Source
from orchestrator.checkout.uses import Use
from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.harness.settings import words

_PATTERNS = (
    re.compile(r"host='(?P<host>[\w.-]{1,200})', port=(?P<port>\d{1,5})"),
    re.compile(r"[Cc]annot connect to host (?P<host>[\w.-]{1,200}):(?P<port>\d{1,5})"),
    re.compile(r'server at "(?P<host>[\w.:-]{1,200})".{0,80}?port (?P<port>\d{1,5})'),
    re.compile(r"server on '(?P<host>[\w.:-]{1,200})'(?P<port>)"),
    re.compile(r"resolve host(?:name)?:? [`'\"]?(?P<host>[\w-]{1,100}\.[\w.-]{1,100})(?P<port>)"),
    re.compile(r"connecting to (?P<host>[\w.-]{1,200}):(?P<port>\d{1,5})"),
    re.compile(
        r"\bhost:? [`'\"]?(?P<host>[\w-]{1,100}\.[\w.-]{1,100}|localhost)[`'\"]?,? "
        r"(?:and |on )?port:? (?P<port>\d{1,5})"
    ),
    re.compile(
        r"(?:server|host) (?:at|named) [`'\"]?(?P<host>[\w-]{1,100}\.[\w.-]{1,100}\w)(?P<port>)"
    ),
    re.compile(
        r"\b[a-z][a-z0-9+]{1,20}://(?:[^@/\s'\"]{1,100}@)?"
        r"(?P<host>[\w.-]{1,200})(?::(?P<port>\d{1,5}))?"
    ),
    re.compile(r"(?<!laddr=)\('(?P<host>[\w.:-]{1,200})', (?P<port>\d{1,5})"),
    re.compile(r"\bport (?P<port>\d{1,5}) (?:on|at|of) (?P<host>[\w-][\w.:-]{0,198}\w)"),
    # db.internal:5432, [::1]:5432, 10.0.0.1; but no line of a file
    re.compile(
        r"(?<![\w./-])(?P<host>localhost|(?:[\w-]{1,63}\.){1,6}(?!py:|pyx:|c:)\w[\w-]{0,62})"
        r"[:@](?P<port>\d{1,5})\b(?!:\d)"
    ),
    re.compile(r"\[(?P<host>[0-9a-f:]{2,45})\]:(?P<port>\d{1,5})\b"),
    re.compile(r"(?<![\w.])(?P<host>(?:\d{1,3}\.){3}\d{1,3})(?![\w.])(?P<port>)"),
)
"""The surer ones first."""

_URL = re.compile(
    r"[a-z]{2,10}://(?:[^@/\s'\"]{1,100}@)?(?P<host>[\w.-]{1,200})(?::(?P<port>\d{1,5}))?"
)
_GIVEN = re.compile(
    r"""["'](?P<host>(?:[\w-]{1,63}\.){1,6}[A-Za-z][\w-]{0,62}):(?P<port>\d{1,5})(?:/[^"'\n]{0,200})?["']"""
)
"""A text that is a host and its port."""
_NAMED = re.compile(
    r"""(?i)(?:host|server|addr|address|endpoint|domain|hostname)\s{0,2}=\s{0,2}"""
    r"""["'](?P<host>(?:[\w-]{1,63}\.){1,6}[A-Za-z][\w-]{0,62})(?P<port>)["']"""
)
_OPTION = re.compile(
    r"(?i)^--?[\w-]*(?:host|server|addr|endpoint|domain|url|uri|dsn|broker)[\w-]*(?:=(?P<value>.+))?$"
)
_VALUE = re.compile(
    r"^(?:[a-z][a-z0-9+]{1,20}://(?:[^@/\s]{1,100}@)?)?"
    r"(?P<host>localhost|[\w-]{1,63}(?=:\d)|(?:[\w-]{1,63}\.){1,6}[\w-]{1,63})(?::(?P<port>\d{1,5}))?(?:/\S{0,200})?$"
)
_VARIABLE = re.compile(r"_(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT|URL|URI|DSN|BROKER)$")
_LOCAL = ("localhost", "127.0.0.1")
_ADDRESS = re.compile(r"""["'](?P<host>[\w.-]{1,200})["'],\s{0,9}(?P<port>\d{1,5})\b""")
_HANDED = re.compile(
    r"""["'](?P<host>localhost|(?:\d{1,3}\.){3}\d{1,3}|(?:[\w-]{1,63}\.){1,6}[A-Za-z][\w-]{0,62})["'],"""
    r"""\s{0,9}(?:port\s{0,2}=\s{0,2})?(?P<port>\d{2,5})\b(?!\.)"""
)
"""A host and its port, as two arguments."""
_LITERALS = (_URL, _GIVEN, _HANDED, _NAMED)
_PARAMETERS = re.compile(r"^(?:async )?def \w+\([^\n]{0,500}?\)(?: ?->[^:\n]{1,200})? ?:")
_READ = 2000


def said_host(text: str) -> str:
    """`host:port`, or `host`, that a text names; empty where it names none."""
    for pattern in _PATTERNS:
        if found := pattern.search(text[:_READ]):
            return f"{found['host']}:{found['port'] or ''}".rstrip(":")
    return ""


def literal_host(source: str) -> str:
    """The same that a line of code names; of a function on one line what it does, not what it is
    given where nobody gives it anything.
    """
    return _literal(_PARAMETERS.sub("", source))


def _literal(source: str) -> str:
    found = next(filter(None, (pattern.search(source) for pattern in _LITERALS)), None)
    return f"{found['host']}:{found['port'] or ''}".rstrip(":") if found else ""


def _host(facts: Facts) -> str:
    """What one of the messages of the chain names, else what was asked of the system, else what was
    logged, else the code.
    """
    links = (facts.link, *facts.failure.exceptions)
    said = next(filter(None, (said_host(link.message) for link in links)), "")
    addresses = (str(link.attributes.get("address", "")) for link in links[::-1])
    asked = said or next(filter(None, addresses), "")
    named = asked or said_host(facts["remote_logged"]) or _host_in_source(facts)
    return named or _host_given(facts)


def _host_given(facts: Facts) -> str:
    """The only host that the options of the run name."""
    given = (*words(facts), ("", ""))
    options = ((_OPTION.match(word), following) for (word, _), (following, _) in pairwise(given))
    values = (option["value"] or following for option, following in options if option)
    hosts = {
        f"{found['host']}:{found['port'] or ''}".rstrip(":")
        for found in map(_VALUE.match, values)
        if found
    }
    return hosts.pop() if len(hosts) == 1 else ""


def _host_of_file(facts: Facts) -> str:
    """The only host that the test's file names, where nothing else names one: it may be of another
    test, or of a set-up that is over and in no traceback.
    """
    if facts["host"]:
        return ""
    found = facts.context.project.source(facts["test_file"]).uses
    hosts = {use.name for use in found if use.kind == "host"}
    return hosts.pop() if len(hosts) == 1 else ""


def _host_variable(facts: Facts) -> str:
    """The only variable that was set and, by its name, may say which host was meant, where nothing
    else does.
    """
    variables = facts.context.recording.run.environment.variables
    found = [name for name in variables if _VARIABLE.search(name)]
    return found[0] if len(found) == 1 and not facts["host"] else ""


def _host_in_source(facts: Facts) -> str:
    """What the line says that calls the socket module: a refused connection does not name it; else
    what the functions of own code name that led there, or the fixtures that the test asks for.
    """
    for frame, called in pairwise(facts.link.frames):
        found = _ADDRESS.search(frame.source) if called.file == "socket.py" else None
        if found and frame.file != "socket.py":
            return f"{found['host']}:{found['port']}"
    return next(_used(facts), "")


def _used(facts: Facts) -> Iterator[str]:
    """What own lines name that led there, the deepest first; what the functions name that hold
    them, without what they do only where they are given nothing; what fixtures name.
    """
    source = facts.context.project.source
    frames = [frame for link in facts.failure.exceptions for frame in link.frames]
    own = [frame for frame in frames if frame.origin in ("project", "test")][::-1]
    named = list(filter(None, (literal_host(frame.source) for frame in own)))
    for frame, caller in zip_longest(own, own[1:]):
        is_given = caller is not None and _gives(caller.source, frame.function)
        uses = _near(source(frame.file), frame.line)
        named += [] if is_given else filter(None, [_literal(frame.source)])
        named += [one.name for one in uses if not (is_given and _is_default(one, frame))]
    fixtures = (one for one in facts.failure.fixtures if one.origin != "installed")
    named += [use.name for one in fixtures for use in _near(source(one.file), one.line)]
    local = _LOCAL if facts["type"] in ("gaierror", "herror") else ()
    yield from (name for name in named if name.partition(":")[0] not in local)


def _near(source: Source, line: int) -> list[Use]:
    uses = (use for use in source.uses if use.kind == "host" and use.serves(line))
    return sorted(uses, key=lambda use: abs(use.at - line))


def _gives(source: str, function: str) -> bool:
    """Whether a line calls a function with arguments."""
    return f"{function}(" in source and f"{function}()" not in source


def _is_default(use: Use, frame: Frame) -> bool:
    """Whether it stands among the parameters of the function that a frame is in."""
    is_done = frame.line == use.at and use.name in _PARAMETERS.sub("", frame.source)
    return any(first == use.at for first, _ in use.lines) and not is_done


FACTS: dict[str, Fact] = {
    "host": _host,
    "host_of_file": _host_of_file,
    "host_variable": _host_variable,
}
