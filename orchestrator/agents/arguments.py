"""What tools are given, within which bounds, and what an agent reads of each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

MOST_ROWS = 50
MOST_CHARACTERS = 20_000

Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="At most so many.")]
Offset = Annotated[int, Field(ge=0, le=100_000, description="`next_offset` of the page before.")]
Characters = Annotated[
    int, Field(ge=100, le=MOST_CHARACTERS, description="At most so many characters.")
]
RunId = Annotated[
    str, Field(max_length=200, description="A run's id, a unique beginning of it, or `latest`.")
]
AnyRun = Annotated[RunId | None, Field(description="Of this run alone.")]
Id = Annotated[str, Field(max_length=200, description="An id or a unique beginning of it.")]
Category = Annotated[
    str | None,
    Field(
        description="missing_dependency, compatibility, fixture, assertion, product_error, "
        "environment, network, timeout, resource, configuration, syntax or unknown."
    ),
]
Test = Annotated[
    str | None,
    Field(max_length=1000, description="Node ids that match, with * and ?; a folder or file too."),
]
Since = Annotated[
    str | None, Field(max_length=40, description="Not older: 90m, 12h, 7d, 2w, or 2026-01-31.")
]
Words = Annotated[
    str, Field(min_length=1, max_length=500, description="Words that must all occur in one text.")
]
CauseStatus = Annotated[
    Literal["open", "resolved", "ignored"] | None, Field(description="As a reviewer decided.")
]
SuggestionStatus = Annotated[
    Literal["proposed", "accepted", "rejected", "worked", "failed"] | None,
    Field(description="What became of it."),
]
Part = Literal["reduced", "text", "stdout", "stderr", "log"]
