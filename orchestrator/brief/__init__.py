"""What somebody who is to mend a red run must know of it: gathered from the memory, on one page."""

from __future__ import annotations

from orchestrator.brief.known import Brief, Occurrence, gather
from orchestrator.brief.page import LEAST_TOKENS, render

__all__ = ["LEAST_TOKENS", "Brief", "Occurrence", "gather", "render"]
