"""What failures are about where the words of their exceptions are the same for different things."""

from __future__ import annotations

import hashlib

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.classify.distributions.mapping import imported_whole, imports, known_names
from orchestrator.classify.machine.hosts import literal_host, said_host
from orchestrator.failures.chain import decisive
from orchestrator.failures.signature import ALGORITHM, Signature

_UNREACHED = frozenset({"ConnectionError", "socket.gaierror", "socket.herror"})
_EPHEMERAL = 32_768
"""Ports from here on are given out by chance, another in each run."""


def told_apart(failure: Failure, signature: Signature) -> Signature:
    """The signature, of its own for what the failure is about where the message does not say it."""
    about = _about(failure)
    if not about:
        return signature
    digest = hashlib.sha256(f"{signature.id}\0{about}".encode("utf-8", "replace")).hexdigest()[:16]
    return Signature(id=f"{ALGORITHM}:{digest}", title=signature.title)


def _about(failure: Failure) -> str:
    raised = decisive(failure)
    if raised is None:
        return ""
    kinds = {raised.type, *raised.bases}
    if "ImportError" in kinds:
        return _part_of_namespace(raised)
    return "" if kinds.isdisjoint(_UNREACHED) else _remote(failure, raised)


def _part_of_namespace(raised: Raised) -> str:
    """The distribution, or the module, of which Python names the shared top alone: `google`."""
    named = str(raised.attributes.get("name"))
    if named not in imports().namespaces:
        return ""
    asked = (imported_whole(frame.source, named) for frame in reversed(raised.frames))
    whole = next((one for one in asked if one != named), named)
    return next(iter(known_names(whole)), whole)


def _remote(failure: Failure, raised: Raised) -> str:
    """What a message of the chain or a line of own code names as the other end; else the line with
    which a test itself asks the socket module for it.
    """
    said = next(filter(None, (said_host(link.message) for link in failure.exceptions)), "")
    if said:
        host, _, port = said.rpartition(":")
        return host if host and port.isdigit() and int(port) >= _EPHEMERAL else said
    own = [frame for frame in raised.frames if frame.origin in ("project", "test")]
    literals = (literal_host(frame.source) for frame in reversed(own))
    asking = own[-1] if own and own[-1].origin == "test" else None
    direct = asking.source if asking and _asks_socket(asking, raised) else ""
    return next(filter(None, literals), direct)


def _asks_socket(asking: Frame, raised: Raised) -> bool:
    """Whether nothing but the socket module lies below a line."""
    place = max(at for at, frame in enumerate(raised.frames) if frame == asking)
    return all(frame.file == "socket.py" for frame in raised.frames[place + 1 :])
