"""Facts about variables that what everybody uses looks at: colours, width, time zone, `assert`.

That one of them is set is no fault; what tells is that the two sides of a comparison differ in just
what it governs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from orchestrator.classify.facts import Fact, Facts

_COLOURS = ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "CLICOLOR_FORCE", "CLICOLOR", "TTY_COMPATIBLE")
_WIDTHS = ("COLUMNS", "TERMINAL_WIDTH")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_LOADERS = {"load_verify_locations", "create_default_context", "create_ssl_context", "cert_verify"}
_CERTIFICATES = re.compile(r"(?i)CA certificate bundle|CERTIFICATE_VERIFY_FAILED|verify locations")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_ENCODINGS = ("PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LC_CTYPE", "LANG")
_ESCAPE = re.compile(r"(?:\x1b|\\x1b|\\033|\\u001b)\[[\d;]{0,20}m")
_SIDES = re.compile(r"^(?:assert )?(?P<left>.{1,1000}?) (?:==|!=) (?P<right>.{1,1000})$")
_DIFFERS = re.compile(r"^ *(?P<side>[-+]) (?P<text>.*)$", re.MULTILINE)
_FULL = re.compile(
    r"datetime\((\d{4}), (\d{1,2}), (\d{1,2}), (\d{1,2}), (\d{1,2})"
    r"|(\d{4})[-/](\d\d)[-/](\d\d)[T ,]{1,2}(\d\d):(\d\d)"
)
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?!\d)")
_STAMP = re.compile(r"^-?\d{1,12}(?:\.0)?$")
_LOCAL_ZONE = re.compile(r"(?i)local(?:_?zone|_?tz|_?time|$)|tzlocal|tz_(?:from_)?env")
_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_QUARTER, _FURTHEST = dt.timedelta(minutes=15), dt.timedelta(hours=26)


def _set(facts: Facts, names: tuple[str, ...]) -> str:
    variables = facts.context.recording.run.environment.variables
    return next((name for name in names if name in variables), "")


def _sides(facts: Facts) -> tuple[str, str]:
    """What was compared: as the first line says, else what only one side has of the lines shown."""
    message = facts.link.message[:4096]
    found = _SIDES.match(message.partition("\n")[0])
    shown = {"-": "", "+": ""}
    for line in _DIFFERS.finditer(message):
        shown[line["side"]] += f"{line['text']}\n"
    if shown["-"] and shown["+"]:
        return shown["+"], shown["-"]
    return (found["left"], found["right"]) if found else ("", "")


def _colour_variable(facts: Facts) -> str:
    """The variable that governs colours, where the sides differ in nothing else."""
    left, right = facts.once(_sides)
    plain = [_ESCAPE.sub("", side) for side in (left, right)]
    coloured = (left, right) != tuple(plain)
    return _set(facts, _COLOURS) if coloured and plain[0] == plain[1] else ""


def _width_variable(facts: Facts) -> str:
    """The variable that governs how wide text is, where the sides differ in their layout alone."""
    left, right = ("".join(re.findall(r"\w", side)) for side in facts.once(_sides))
    differ = left == right and len(left) > 2
    asked = "columns" in facts["own_source"] or "width" in facts["own_source"]
    return _set(facts, _WIDTHS) if differ or asked else ""


def _zone_variable(facts: Facts) -> str:
    """`TZ` where it is set and the sides are times some quarters of an hour apart."""
    left, right = facts.once(_sides)
    apart = [there - here for here, there in zip(_times(left), _times(right), strict=False)]
    moved = [one for one in apart if one]
    shifted = all(not one % _QUARTER and abs(one) <= _FURTHEST for one in moved)
    return _set(facts, ("TZ",)) if moved and shifted else ""


def _local_zone_variable(facts: Facts) -> str:
    """The variable that the line reads the zone from; else `TZ` where the local time zone was asked
    for, by whatever says so; where it is set.
    """
    if facts["variable_read_is_set"]:
        return facts["variable_read"]
    asked = any(_LOCAL_ZONE.search(f"{one.file} {one.function}") for one in facts.frames)
    return _set(facts, ("TZ",)) if asked else ""


def _times(side: str) -> Iterator[dt.datetime]:
    stripped = side.strip().strip("'\"")
    if _STAMP.match(stripped) and len(stripped) > 3:
        yield _DAY + dt.timedelta(seconds=float(stripped) % 10**9)
        return
    full = list(_FULL.finditer(side))
    for found in full:
        year, month, day, hour, minute = (int(part) for part in found.groups() if part)
        try:
            yield dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)
        except ValueError:
            return
    for clock in _CLOCK.finditer(side) if not full else ():
        yield _DAY + dt.timedelta(hours=int(clock[1]), minutes=int(clock[2]))


def _certificate_variable(facts: Facts) -> str:
    """The variable that says where authorities are, where these cannot be loaded or do not do."""
    deep = {frame.function for frame in facts.link.frames[-3:]}
    loads = deep & _LOADERS or _CERTIFICATES.search(facts.link.message[:500])
    return _set(facts, _AUTHORITIES) if loads else ""


def _proxy_variable(facts: Facts) -> str:
    return _set(facts, _PROXIES)


def _asserts_off(facts: Facts) -> str:
    """`yes` where Python leaves `assert` out."""
    return "yes" if _set(facts, ("PYTHONOPTIMIZE",)) else ""


def _encoding_variable(facts: Facts) -> str:
    """The variable that says in which encoding text is written."""
    return _set(facts, _ENCODINGS)


def _warnings_variable(facts: Facts) -> str:
    """The variable that says which warnings raise, where neither the settings of pytest nor its
    command line say so.
    """
    lines = facts.context.project.settings.get("filterwarnings", "").splitlines()
    options = (word.startswith("-W") for word in facts.context.recording.run.command)
    told = any(line.strip(" \t[\"'").startswith("error") for line in lines) or any(options)
    return "" if told else _set(facts, ("PYTHONWARNINGS",))


def _home_is_set(facts: Facts) -> str:
    return "yes" if _set(facts, ("HOME", "USERPROFILE")) else ""


FACTS: dict[str, Fact] = {
    "asserts_off": _asserts_off,
    "certificate_variable": _certificate_variable,
    "colour_variable": _colour_variable,
    "encoding_variable": _encoding_variable,
    "home_is_set": _home_is_set,
    "local_zone_variable": _local_zone_variable,
    "proxy_variable": _proxy_variable,
    "warnings_variable": _warnings_variable,
    "width_variable": _width_variable,
    "zone_variable": _zone_variable,
}
