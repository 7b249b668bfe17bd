"""How servers are given time: pauses between attempts, and what no attempt can mend."""

from __future__ import annotations

import random
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0

_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def pause(attempt: int) -> float:
    """Twice as long each time, and never the same for all clients of a server that comes back."""
    longest: float = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret


def asked_wait(retry_after: str | None) -> float | None:
    """Seconds, from a number of them or a date."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after).astimezone(UTC)
    except (ValueError, OverflowError):  # overflows at the ends of the calendar
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def tls_problem(error: BaseException | None) -> str | None:
    """What is wrong with a certificate; None where trying again may help."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and not isinstance(error, _CUT_OFF):
            said = (getattr(error, name, None) for name in ("verify_message", "reason"))
            return next(filter(None, said), str(error))
        error = error.__cause__ or error.__context__
    return None
