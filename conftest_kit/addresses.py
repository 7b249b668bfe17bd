"""Which address a call of the network was for. PYTEST_DONT_REWRITE

The system says "Name or service not known" and "Connection refused" and not of whom. Who called it
was told: it is read from the variables of the traceback's last functions, without running code of
anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

MAX_READ = 12
"""Frames, the deepest first: from what calls the system to what knows a name."""
_PAIRS = ("address", "server_address")
_HOSTS = ("host", "server_hostname", "_host")
_NUMERIC = re.compile(r"[\d.]+|[0-9a-fA-F:.%]*:[0-9a-fA-F:.%\w]*")
_MAX_LENGTH = 255  # RFC 1035, section 2.3.4


def address(traceback: TracebackType | None) -> str:
    """`host:port`, or `host`, that the functions of a traceback were to reach or to listen at;
    empty where none tells. A name comes before the numbers that it stands for.
    """
    frames = []
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    found = [one for frame in frames[-MAX_READ:][::-1] for one in _named(frame.f_locals)]
    names = (host for host in found if not _NUMERIC.fullmatch(host[0]))
    host, port = next(names, next(iter(found), ("", "")))
    own = next((of for name, of in found if name == host and of), port)
    at = f"[{host}]" if ":" in host and own else host
    return f"{at}:{own}" if own else host


def _named(variables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The hosts and ports that a function was given, or that its object has."""
    yield from _said(variables)
    if "self" in variables:
        try:
            yield from _said(object.__getattribute__(variables["self"], "__dict__"))
        except AttributeError:
            return


def _said(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _PAIRS:
        pair = values.get(name)
        if type(pair) is tuple and len(pair) > 1:
            yield from _pair(pair[0], pair[1])
    for name in _HOSTS:
        yield from _pair(values.get(name), values.get("port"))


def _pair(host: Any, port: Any) -> Iterator[tuple[str, str]]:
    if type(host) is bytes:
        host = host.decode("ascii", "replace")
    if type(host) is str and 0 < len(host) <= _MAX_LENGTH and not set(host) & set(" /\n"):
        number = port if type(port) is int else int(port) if _is_port(port) else 0
        yield host, str(number) if 0 < number < 65536 else ""


def _is_port(value: Any) -> bool:
    return type(value) is str and value.isascii() and value.isdigit() and len(value) < 6
