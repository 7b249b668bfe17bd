"""The picture of the README: the review of the demo's sample project, drawn by the tool itself.

Usage: python .ci/picture.py docs/review.svg
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from conftest_kit.settings import load
from corpus_memory_logging.records import Review
from orchestrator import demo, reviews
from orchestrator.launch import launch
from orchestrator.report.text import picture

WIDTH = 108


def main(destination: Path) -> None:
    """Let the sample project go red, and draw the review."""
    with tempfile.TemporaryDirectory() as folder:
        shop = demo.copy_sample(Path(folder) / "shop")
        settings = load(shop, {})
        launched = launch(
            [sys.executable, "-m", "pytest", "-q"],
            environ=os.environ,
            directory=shop,
            stderr=sys.stderr.buffer,
        )
        *_, review = reviews.of_launched(
            launched, settings=settings, store=None, now=datetime.now(UTC)
        )
        assert isinstance(review, Review)
        assert review.archive
        shown = replace(review, archive=str(Path(review.archive).relative_to(shop)))
    destination.parent.mkdir(exist_ok=True)
    destination.write_text(picture(shown, "orchestrator run -- pytest", width=WIDTH))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
