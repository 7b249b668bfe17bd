"""What is sent goes through the spool, so that nothing is lost while a server is down."""

from __future__ import annotations

import time
from collections.abc import Iterator

from orchestrator.errors import Refused, Undelivered, UsageProblem
from orchestrator.sending.deliver import Access, Request, deliver
from orchestrator.sending.spool import Spool, Waiting


def send(
    request: Request, *, server: str, spool: Spool, access: Access, seconds: float
) -> Iterator[str]:
    """Send what waits for a server, in order, and then the request; all within those seconds.

    `server` is what the URLs of all that is sent to it begin with. Yields a sentence for each thing
    that the user should know. What could not be delivered waits in the spool for the next call.

    Raises:
        Undelivered: the server cannot be reached.
        Refused: it does not take this request.
        UsageProblem: the address, the credentials or the certificates are wrong.
    """
    deadline = time.monotonic() + seconds
    try:
        dropped = spool.add(request)
    except OSError as error:
        yield f"the spool {str(spool.folder)!r} cannot be written to ({error.strerror})"
        deliver(request, access=access, deadline=deadline)
        return
    for each in dropped:
        yield f"the spool is full: what waited for {each.url} is given up"
    with spool.alone(seconds) as alone:
        if not alone:
            raise Undelivered(f"another `send` is at work; {_kept(spool)}")
        for waiting in spool.waiting():
            if waiting.request.url.startswith(server):
                yield from _deliver(
                    waiting, spool=spool, access=access, deadline=deadline, asked=request
                )


def _deliver(
    waiting: Waiting, *, spool: Spool, access: Access, deadline: float, asked: Request
) -> Iterator[str]:
    now_asked = waiting.request == asked
    try:
        deliver(waiting.request, access=access, deadline=deadline)
    except Undelivered as error:
        raise Undelivered(f"{error}; {_kept(spool)}") from error
    except UsageProblem:
        if now_asked:  # of a call that was wrong nothing is kept
            waiting.path.unlink(missing_ok=True)
        raise
    except Refused as error:
        waiting.path.unlink(missing_ok=True)
        if now_asked:
            raise
        yield f"from the spool: {error}; it is given up"
        return
    waiting.path.unlink(missing_ok=True)
    if not now_asked:
        yield f"delivered from the spool: {waiting.request.url}"


def _kept(spool: Spool) -> str:
    return f"it waits in {str(spool.folder)!r} and goes first at the next call"
