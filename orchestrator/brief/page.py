"""A brief as Markdown, within a limit of tokens: what is most useful first, and nothing cut; pure.

What may be said comes in an order of usefulness, item by item. The brief has as many of the first
items as the limit has room for, each in its section, and says what it left out. So a higher limit
only adds to what a lower one shows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from conftest_kit.records import Frame
from orchestrator.brief.known import MAX_CAUSES, Brief, Occurrence, Row
from orchestrator.reduce import Reduced, reduce, tokens
from orchestrator.report import view
from orchestrator.report.markdown import longest_backticks
from orchestrator.report.plain import clean, one_line

LEAST_TOKENS = 500
"""Room for the heading, the command, and what was left out."""
_LINE = 400
_FACT = 100
_COMMAND = 1_200
_SHARE = 4
"""Of the limit so much is for the command that shows each cause, where one test is not longer."""

# What a section may hold of each cause after the first round, the second …
_ROUNDS: tuple[Mapping[str, int], ...] = (
    {"causes": 1, "suggestions": 1, "refused": 2, "frames": 1, "said": 1, "known": 1},
    {"known": 6, "changes": 5, "suggestions": 2, "refused": 5, "frames": 3, "evidence": 3},
    {"said": 2, "decisions": 2, "tests": 3, "commands": 1},
    {"suggestions": 4, "changes": 15, "frames": 8, "said": 3, "evidence": 8, "commands": 2},
    {"suggestions": 100, "refused": 100, "frames": 100, "said": 5, "known": 10, "evidence": 100},
    {"said": 6, "changes": 10_000, "decisions": 10_000, "tests": 10_000},
)
_SAID_TOKENS = (120, 300, 700, 1_500, 3_000, 1_000_000)
"""Of failure text, by how many items of it are shown."""
_FINDINGS_IN_ROUND = 2
_IN_FLIGHT = 5
_NOUNS = {
    "in_flight": ("test that was running", "tests that were running"),
    "causes": ("cause", "causes"),
    "suggestions": ("suggestion", "suggestions"),
    "refused": ("refused suggestion", "refused suggestions"),
    "frames": ("frame", "frames"),
    "said": ("line of what failed", "lines of what failed"),
    "known": ("fact", "facts"),
    "evidence": ("line of evidence", "lines of evidence"),
    "changes": ("change since it passed", "changes since it passed"),
    "decisions": ("decision", "decisions"),
    "commands": ("command", "commands"),
    "tests": ("test", "tests"),
    "findings": ("finding", "findings"),
}
_STANDING = {
    "accepted": "accepted by a reviewer",
    "worked": "made it green before",
    "rejected": "rejected by a reviewer",
    "failed": "did not make it green",
}

_Shown = Mapping[tuple[int, str], int]
"""How many items are shown of a section of a cause, by its number; findings belong to -1."""


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A cause as items of sections, all of them."""

    occurrence: Occurrence
    said_before: str
    """The command that the brief begins with."""
    reduced: dict[int, Reduced] = field(default_factory=dict)

    def said(self, items: int) -> Reduced:
        """The failure text that so many items of it are."""
        if items not in self.reduced:
            room = _SAID_TOKENS[items - 1] if items else 0
            self.reduced[items] = reduce(self.occurrence.failures, max_tokens=room)
        return self.reduced[items]

    @cached_property
    def sections(self) -> Mapping[str, Sequence[Any]]:
        one = self.occurrence
        return {
            "causes": (one.cause["cause_id"],),
            "suggestions": [
                {"text": _advice(row), "commands": [clean(line) for line in row["commands"]]}
                for row in one.suggestions
            ],
            "refused": [_advice(row) for row in one.refused],
            "frames": [_frame(frame) for frame in one.frames],
            "said": _SAID_TOKENS if one.failures else (),
            "known": list(_known(one.cause)),
            "evidence": _evidence(one),
            "changes": list(_changes(one.difference)) if one.difference else (),
            "decisions": [_decision(row) for row in one.decisions],
            "commands": [
                {"title": title, "line": line}
                for title, line in (
                    ("Run what it broke", one.reproduce),
                    ("Run all files that it broke tests of", one.check),
                )
                if line and line != self.said_before
            ],
            # Of one test the command says it already.
            "tests": [_test(row) for row in one.tests] if len(one.tests) > 1 else (),
        }


def render(brief: Brief, *, max_tokens: int) -> str:
    """The brief. The same memory and limit give the same text; `max_tokens` is `LEAST_TOKENS` or
    more, and counted as `orchestrator.reduce.tokens` counts.
    """
    asked = _asked(brief.reproduce, max_tokens // _SHARE)
    command = "".join(brief.reproduce[asked - 1 : asked])
    causes = [_Told(occurrence=one, said_before=command) for one in brief.causes]
    in_flight = len(_in_flight(brief))
    steps = [(-1, "in_flight")] * in_flight + list(_steps(causes, len(brief.findings)))
    template = _environment().get_template("brief.md")

    @cache
    def page(taken: int) -> str:
        shown = Counter(steps[:taken])
        left_out = list(_left_out(brief, causes, shown))
        return template.render(
            brief=_page(brief, causes, shown, asked), left_out=left_out, max_tokens=max_tokens
        )

    if tokens(page(len(steps))) <= max_tokens:
        return page(len(steps))
    fit = bisect_right(range(len(steps)), max_tokens, key=lambda taken: tokens(page(taken)))
    return page(max(fit - 1, 0))


def _asked(commands: Sequence[str], room: int) -> int:
    """Of how many causes the command fits that many tokens; one where none does."""
    fit = [number for number, command in enumerate(commands, 1) if tokens(command) <= room]
    return max(fit, default=1)


def _in_flight(brief: Brief) -> Sequence[str]:
    return tuple(brief.run["details"].get("in_flight", ()))[:_IN_FLIGHT]


def _steps(causes: Sequence[_Told], findings: int) -> Iterator[tuple[int, str]]:
    """One more item of a section, the most useful first."""
    taken = Counter[tuple[int, str]]()
    for number, round_ in enumerate(_ROUNDS):
        if number == _FINDINGS_IN_ROUND:
            yield from [(-1, "findings")] * findings
        for position, cause in enumerate(causes):
            for section, most in round_.items():
                step = (position, section)
                items = min(most, len(cause.sections[section])) - taken[step]
                yield from [step] * items
                taken[step] += max(items, 0)


def _left_out(brief: Brief, causes: Sequence[_Told], shown: _Shown) -> Iterator[str]:
    lacking = Counter[str](in_flight=len(_in_flight(brief)) - shown[-1, "in_flight"])
    for position, cause in enumerate(causes):
        if not shown[position, "causes"]:
            lacking["causes"] += 1
            continue
        for section, items in cause.sections.items():
            lacking[section] += len(items) - shown[position, section]
        lacking["said"] += cause.said(shown[position, "said"]).left_out - (
            len(cause.sections["said"]) - shown[position, "said"]
        )
    lacking["findings"] = len(brief.findings) - shown[-1, "findings"]
    for section, number in lacking.items():
        if number > 0:
            yield view.counted(number, *_NOUNS[section])


def _page(brief: Brief, causes: Sequence[_Told], shown: _Shown, asked: int) -> dict[str, Any]:
    return {
        "summary": _summary(brief),
        "facts": [one_line(fact, _FACT) for fact in _facts(brief) if fact],
        "reproduce": clean("".join(brief.reproduce[asked - 1 : asked])),
        "several": len(brief.causes) > 1,
        "asked": asked if asked < len(brief.causes) else None,
        "in_flight": _in_flight(brief)[: shown[-1, "in_flight"]],
        "causes": [
            _cause(cause, number, shown)
            for number, cause in enumerate(causes)
            if shown[number, "causes"]
        ],
        "in_brief": MAX_CAUSES + 1 if shown[MAX_CAUSES, "causes"] else None,
        "findings": [_finding(row) for row in brief.findings[: shown[-1, "findings"]]],
    }


def _summary(brief: Brief) -> str:
    failures = sum(one.cause["failures"] for one in brief.causes)
    if brief.is_of_cause:
        return f"Cause of {view.counted(failures, 'failure')} in the last run that had it"
    if not brief.causes:
        return f"Test run: {view.ending(brief.recorded) or 'nothing failed'}"
    causes = view.counted(len(brief.causes), "cause")
    return f"Test run: {causes} of {view.counted(failures, 'failure')}"


def _facts(brief: Brief) -> Iterator[str]:
    run = brief.run
    yield f"run {run['run_id']}"
    yield f"started {_minute(run['started'])} UTC"
    yield ", ".join(f"{count:,} {name}" for name, count in run["counts"].items() if count)
    yield "" if run["state"] == "complete" else f"the run {view.words(run['state'])}"
    yield "" if run["exit_code"] is None else f"exit status {run['exit_code']}"
    yield view.place(brief.recorded)
    if run["commit"]:
        branch = f" on {run['branch']}" if run["branch"] else ""
        dirty = ", with uncommitted changes" if run["dirty"] else ""
        yield f"commit {run['commit'][:10]}{branch}{dirty}"


def _cause(told: _Told, number: int, shown: _Shown) -> dict[str, Any]:
    one, cause = told.occurrence, told.occurrence.cause
    sections = {name: items[: shown[number, name]] for name, items in told.sections.items()}
    culprit = cause["culprit"]
    subject = " ".join(filter(None, (culprit["name"], culprit["version"]))) if culprit else ""
    novelty = "known" if cause["known"] else "new"
    return {
        **sections,
        "heading": f"{number + 1}. {view.words(cause['category'])}"
        + (f": {_code(subject)}" if subject else "")
        + f" ({view.counted(cause['failures'], 'failure')}, {novelty})",
        "title": cause["title"],
        "cause_id": cause["cause_id"],
        "said": "\n".join(told.said(shown[number, "said"]).lines),
        "since": _since(one.difference) if one.difference else "",
        "broke": view.counted(len(one.tests), "test"),
    }


def _advice(row: Row) -> str:
    """What to do, who says so and what became of it."""
    source = {"model": "a model's idea", "reviewer": "a reviewer's"}.get(row["source"], "")
    standing = _STANDING.get(row["status"], "")
    success = row["success"]
    times = f"{success['green']} of {success['judged']} times" if success else ""
    green = f"this kind was followed by green {times}" if times else ""
    aside = ", ".join(filter(None, (source, standing, green)))
    text = one_line(row["text"], _COMMAND)
    return f"{text} ({aside}; suggestion {row['suggestion_id']})" if aside else text


def _frame(frame: Frame) -> str:
    place = f"{_code(f'{frame.file}:{frame.line}')} in {_code(frame.function)}"
    place += f": {_code(frame.source)}" if frame.source else ""
    return place if frame.origin in ("project", "test") else f"{place} ({frame.origin})"


def _known(cause: Row) -> Iterator[str]:
    """What category, how sure, since when, and what reviewers wrote."""
    verdict = [view.words(cause["category"]), view.words(cause["kind"])]
    if cause["category"] != "unknown":
        verdict += [view.confidence(cause["confidence"]), f"by {one_line(cause['rule'])}"]
    yield ", ".join(filter(None, verdict))
    runs = view.counted(cause["occurrences"], "run")
    yield f"seen in {runs}, first {_minute(cause['first_seen'])}, status {cause['status']}"
    if cause["prevented"]:
        kept = view.counted(len(cause["prevented"]), "test")
        yield f"it kept {kept} of earlier runs from running"
    if cause["note"]:
        yield f"a reviewer noted: {one_line(cause['note'], _LINE)}"
    if cause["fix"]:
        yield f"mended before by commit {one_line(cause['fix'], _LINE)}"


def _evidence(one: Occurrence) -> list[str]:
    """What the verdict rests on, without what title and frames say already."""
    said = {one_line(one.cause["title"])}
    said |= {
        one_line(f"{frame.file}:{frame.line} in {frame.function}: {frame.source}")
        for frame in one.frames
    }
    lines = dict.fromkeys(one_line(line, _LINE) for line in one.cause["evidence"])
    return [line for line in lines if line and line not in said]


def _since(difference: Row) -> str:
    before = difference["before"]
    what = "these tests passed" if difference["passed"] else "a run was green"
    return f"Changed since {what} last (run {before['run_id']}, {_minute(before['started'])})"


def _changes(difference: Row) -> Iterator[str]:
    before, after = difference["before"], difference["after"]
    if before["commit"] != after["commit"]:
        yield f"commit {_commit(before)} → {_commit(after)}"
    elif after["dirty"]:
        yield "files beside the commit: the checkout has uncommitted changes"
    # Distributions, interpreter and platform; then variables and paths, which differ often.
    for change in sorted(difference["changes"], key=lambda change: " " in change["name"]):
        old, new = (change[name] or "absent" for name in ("before", "after"))
        yield f"{_code(change['name'])} {one_line(old, _LINE)} → {one_line(new, _LINE)}"
    if not difference["changes"] and before["commit"] == after["commit"] and not after["dirty"]:
        yield "nothing that is recorded"


def _commit(checkout: Row) -> str:
    return (checkout["commit"] or "unknown")[:10]


def _decision(row: Row) -> str:
    said = (
        f"{name.removesuffix('_id')} {one_line(row[name], _LINE)}"
        for name in ("category", "culprit", "accepted", "rejected", "note", "fix", "run_id")
        if row[name]
    )
    who = f"{_minute(row['time'])} {one_line(row['reviewer'])}: {row['status']}"
    return ", ".join((who, *said))


def _test(row: Row) -> str:
    aside = [] if row["phase"] == "call" else [view.phase(row["phase"])]
    aside += [f"subtest {one_line(row['subtest'], _LINE)}"] if row["subtest"] else []
    aside += [view.counted(row["attempts"], "attempt")] if row["attempts"] > 1 else []
    name = _code(row["nodeid"]) if row["nodeid"] else "pytest itself"
    return name + (f" ({', '.join(aside)})" if aside else "")


def _finding(row: Row) -> str:
    text = f"{view.words(row['kind'])}: {one_line(row['text'], _LINE)}"
    advice = f" Try: {one_line(row['suggestion'], _LINE)}" if row["suggestion"] else ""
    return f"{text} (finding {row['finding_id']}).{advice}"


def _minute(time: str) -> str:
    return one_line(time)[:16].replace("T", " ")


def _code(text: str) -> str:
    """The text on one line as code, whatever backticks it holds."""
    line = one_line(text, _LINE)
    fence = "`" * (longest_backticks(line) + 1)
    pad = " " if "`" in (line[:1], line[-1:]) else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def _block(text: str, language: str = "text") -> str:
    """The text as a block of code, whatever fences it holds."""
    lines = clean(text)
    fence = "`" * max(longest_backticks(lines) + 1, 3)
    return f"{fence}{language}\n{lines}\n{fence}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("orchestrator.report"),
        autoescape=False,  # noqa: S701 - it is Markdown; what is printed was made safe above
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"code": _code, "block": _block}
    return made
