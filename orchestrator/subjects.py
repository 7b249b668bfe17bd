"""What failures are about where the words of their exceptions are the same for different things."""

from __future__ import annotations

import hashlib
from itertools import pairwise

from conftest_kit.records import Failure, Raised
from orchestrator.chain import decisive
from orchestrator.classify.hosts import literal_host, said_host
from orchestrator.classify.mapping import imported_whole, imports, known_names
from orchestrator.signature import ALGORITHM, Signature

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
    named = raised.attributes.get("name")
    if named not in imports().namespaces or not raised.frames:
        return ""
    whole = imported_whole(raised.frames[-1].source, str(named))
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
    asking = (one.source for one, called in pairwise(raised.frames) if called.file == "socket.py")
    direct = next(asking, "") if own and own[-1].origin == "test" else ""
    return next(filter(None, literals), direct)
