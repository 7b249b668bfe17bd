"""The report for a terminal: causes first, biggest first, failures folded under them."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterable

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from corpus_memory_logging.records import Cause, Finding, Review, Suggestion
from orchestrator.report import view
from orchestrator.report.plain import clean, one_line

_INDENT = 4
_LABEL = 8
_ASIDE = {"indent": 0, "gutter": 9}
_FAILURES = 4
_EVIDENCE = 6
_SUGGESTIONS = 2
_MESSAGE_LINES = 6
_NEXT = "orchestrator show ID for its history, orchestrator resolve ID to record what fixed it"
# Without the fonts that rich would have every reader's browser fetch from elsewhere.
_SVG_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
_STATUS = {
    "accepted": "accepted by a reviewer",
    "worked": "worked last time",
    "rejected": "rejected by a reviewer",
    "failed": "did not help last time",
}


def render(review: Review, *, width: int | None = None, colour: bool = False) -> str:
    """The report.

    Without a width (a pipe, a file) no line is wrapped, and none is ever cut; with one, prose is
    wrapped to it, while node ids and commands stay whole on one line.
    """
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width or 80,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    _Page(console, width).write(review)
    return stream.getvalue()


def picture(review: Review, title: str, *, width: int = 100) -> str:
    """The report as an SVG picture of a terminal."""
    console = Console(
        file=io.StringIO(), width=width, record=True, force_terminal=True, highlight=False
    )
    _Page(console, width).write(review)
    return console.export_svg(
        title=title, theme=MONOKAI, unique_id="report", code_format=_SVG_FORMAT
    )


class _Page:
    """Writes lines; texts are cleaned, and never interpreted as rich's markup."""

    def __init__(self, console: Console, width: int | None) -> None:
        self._console = console
        self._width = width

    def write(self, review: Review) -> None:
        self._head(review)
        if review.causes or review.findings:
            self._line()
            self._line((view.summary(review), "bold"))
        for number, cause in enumerate(review.causes, start=1):
            self._line()
            self._cause(number, cause)
        self._aside(review)

    def _head(self, review: Review) -> None:
        run = review.recording.run
        self._wrapped(view.heading(review), first="", rest=" " * _INDENT, style="bold")
        green = not review.causes and not run.exit_code
        counts = view.counts(review.recording)
        took = f" in {view.duration(run)}" if counts and view.duration(run) else ""
        result = (counts or "nothing ran", "green" if green else "red")
        self._line(result, (took, ""), *_joined_after(view.ending(run), view.place(run)))
        for nodeid in review.recording.in_flight:
            self._line(("was running: ", "yellow"), (one_line(nodeid), ""))
        for note in review.notes[1:]:
            self._prose("note", one_line(note), style="yellow", indent=0, gutter=6)

    def _cause(self, number: int, cause: Cause) -> None:
        verdict = cause.verdict
        new = cause.remembered is None
        facts = [
            (view.words(verdict.category), "bold red"),
            (view.subject(cause), "bold"),
            (view.counted(view.failing(cause), "failure") if cause.failures else "", ""),
            ("NEW", "bold yellow") if new else (view.novelty(cause), ""),
        ]
        self._line((f"{number:>2}  ", "bold"), *_joined(facts, " · "))
        self._message(cause.title)
        frame = view.location(cause)
        if frame:
            self._row("where", f"{one_line(frame.file)}:{frame.line} in {one_line(frame.function)}")
            if frame.source:
                self._row("", one_line(frame.source), style="dim")
        self._why(cause)
        label = "look" if verdict.category == "unknown" else "fix"
        for suggestion in cause.suggestions[:_SUGGESTIONS]:
            self._suggestion(label, suggestion)
            label = "or"
        self._remembered(cause)
        self._failures(cause)
        if cause.failures:  # what a metrics file counts is in no memory
            self._row("id", one_line(cause.cause_id), style="dim")

    def _message(self, title: str) -> None:
        lines = [line for line in clean(title).splitlines() if line.strip()]
        for line in lines[:_MESSAGE_LINES]:
            self._wrapped(line.rstrip(), first=" " * _INDENT, rest=" " * _INDENT)
        if len(lines) > _MESSAGE_LINES:
            more = view.counted(len(lines) - _MESSAGE_LINES, "more line", "more lines")
            self._line((f"{' ' * _INDENT}… {more}", "dim"))

    def _why(self, cause: Cause) -> None:
        verdict = cause.verdict
        known = []
        if verdict.category != "unknown":
            known = [view.confidence(verdict.confidence), view.words(verdict.kind)]
            known.append(one_line(verdict.rule))
        label = "why"
        if any(known):
            self._prose(label, " · ".join(filter(None, known)), style="dim")
            label = ""
        evidence = view.evidence(cause)
        for line in evidence[:_EVIDENCE]:
            self._prose(label, f"- {line}", hang=2)
            label = ""
        self._more(len(evidence) - _EVIDENCE)

    def _suggestion(self, label: str, suggestion: Suggestion, **place: int) -> None:
        colour = "" if label == "or" else "green"
        said = (_STATUS.get(suggestion.status, ""), view.success(suggestion))
        aside = "; ".join(filter(None, said))
        aside = f" ({aside})" if aside else ""
        self._prose(label, one_line(suggestion.text) + aside, style=colour, **place)
        for command in suggestion.commands:
            for position, line in enumerate(clean(command).splitlines()):
                self._row("", ("  " if position else "$ ") + line, style="bold", **place)
        if suggestion.checklist:
            self._prose("", f"next time: {one_line(suggestion.checklist)}", style="dim", **place)

    def _remembered(self, cause: Cause) -> None:
        known = cause.remembered
        shown = " ".join(one.text for one in cause.suggestions[:_SUGGESTIONS])
        if known and known.note and known.note not in shown:
            self._prose("noted", one_line(known.note))
        if known and known.fix:
            self._row("fixed", f"last time by commit {one_line(known.fix)}")

    def _failures(self, cause: Cause) -> None:
        lines = view.named(cause.failures)
        shown = lines if len(lines) == _FAILURES + 1 else lines[:_FAILURES]
        for position, line in enumerate(shown):
            self._row("" if position else "tests", line)
        self._more(len(lines) - len(shown))
        if cause.prevented:
            kept = view.counted(len(cause.prevented), "test")
            self._row("", f"kept {kept} of earlier runs from running", style="yellow")

    def _aside(self, review: Review) -> None:
        """What is not a cause: findings, warnings, and where the archive is."""
        if review.causes or review.findings or review.warnings:
            self._line()
        for finding in review.findings:
            self._finding(finding)
        for warning in review.warnings:
            self._prose("warning", one_line(warning), style="yellow", **_ASIDE)
        if review.archive:
            self._row("archive", one_line(review.archive), style="dim", **_ASIDE)
        if review.findings or any(cause.failures for cause in review.causes):
            self._row("next", _NEXT, style="dim", **_ASIDE)

    def _finding(self, finding: Finding) -> None:
        text = f"{view.words(finding.kind)}: {one_line(finding.text)} ({view.novelty(finding)})"
        # Where the sources disagree, nothing else that is said may be right.
        style = "bold red" if finding.kind == "capture" else "cyan"
        self._prose("finding", text, style=style, **_ASIDE)
        for line in finding.evidence[:_EVIDENCE]:
            self._prose("", f"- {one_line(line)}", style="", hang=2, **_ASIDE)
        self._more(len(finding.evidence) - _EVIDENCE, **_ASIDE)
        for suggestion in finding.suggestions[:1]:
            self._suggestion("  fix", suggestion, **_ASIDE)
        self._row("  id", one_line(finding.finding_id), style="dim", **_ASIDE)

    def _more(self, number: int, **place: int) -> None:
        if number > 0:
            self._row("", f"… and {number:,} more", style="dim", **place)

    def _row(
        self, label: str, text: str, *, style: str = "", indent: int = _INDENT, gutter: int = _LABEL
    ) -> None:
        """One line that stays whole."""
        if text:
            self._line((" " * indent + f"{label:<{gutter}}", "dim"), (text, style))

    def _prose(
        self,
        label: str,
        text: str,
        *,
        style: str = "",
        indent: int = _INDENT,
        gutter: int = _LABEL,
        hang: int = 0,
    ) -> None:
        first = " " * indent + f"{label:<{gutter}}"
        self._wrapped(text, first=first, rest=" " * (indent + gutter + hang), style=style)

    def _wrapped(self, text: str, *, first: str, rest: str, style: str = "") -> None:
        if self._width is None:
            lines = [text]
        else:
            lines = textwrap.wrap(
                text,
                max(self._width - len(rest), 30),
                break_long_words=False,
                break_on_hyphens=False,
            )
        for position, line in enumerate(lines):
            self._line((rest if position else first, "dim"), (line, style))

    def _line(self, *pieces: tuple[str, str]) -> None:
        text = Text.assemble(*((clean(piece), style) for piece, style in pieces))
        text.rstrip()
        self._console.print(text, soft_wrap=True)


def _joined(pieces: Iterable[tuple[str, str]], separator: str) -> list[tuple[str, str]]:
    """The pieces that have a text, with the separator between them."""
    joined: list[tuple[str, str]] = []
    for text, style in pieces:
        if text:
            joined += [(separator, "dim")] if joined else []
            joined.append((text, style))
    return joined


def _joined_after(*facts: str) -> list[tuple[str, str]]:
    return [(f" · {fact}", "dim") for fact in facts if fact]
