"""Facts: what can be said of a failure from its structure, computed when a rule asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, TypeVar

from packaging.utils import canonicalize_name

from conftest_kit.records import Failure, Frame, Raised, Recording
from corpus_memory_logging.records import Green
from orchestrator.checkout.edits import Edit
from orchestrator.checkout.project import Project
from orchestrator.classify.installed import Installed
from orchestrator.failures.chain import FROM_ELSEWHERE

Fact = Callable[["Facts"], str]
"""Empty where it is not known or does not apply."""

_Found = TypeVar("_Found")

_MACHINERY = ("<frozen importlib", "<frozen runpy", "importlib/", "_pytest/", "pluggy/")
_RERAISING = frozenset({"get_result", "_multicall"})
"""Functions of pluggy that raise again, in a wrapper, what came out of the hook that it wraps."""
_TRACEBACK = re.compile(r'File "([^"\n]{1,500})", line (\d{1,9}), in (\S{1,200})\n\s*([^\n]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all failures of a run share, and in `green` those of a cause."""

    recording: Recording
    project: Project
    installed: Installed
    catalogue: Mapping[str, Fact]
    green: Green | None = None
    """The run in which the tests of the cause passed last, where the memory knows one."""
    edits: tuple[Edit, ...] | None = None
    """What was edited since that run; None where it is not known."""
    _facts: dict[tuple[int, int], Facts] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _found: dict[Callable[[Context], Any], Any] = field(
        default_factory=dict, repr=False, compare=False
    )
    """Of the run: with another `green` it stays."""

    @property
    def own_names(self) -> frozenset[str]:
        """What the project itself goes by as a distribution, normalised."""
        names = (self.project.name, self.recording.run.project)
        return frozenset(canonicalize_name(name) for name in names if name)

    def facts(self, failure: Failure, link: Raised | None) -> Facts:
        """The facts of one link of a failure's chain: the same to whoever asks again."""
        # They keep both alive, so that no other failure or link can have the same key.
        key = id(failure), id(link)
        if key not in self._facts:
            self._facts[key] = Facts(context=self, failure=failure, link=link or Raised(type=""))
        return self._facts[key]

    def once(self, find: Callable[[Context], _Found]) -> _Found:
        """What is found in all failures of the run, looked for once."""
        if find not in self._found:
            self._found[find] = find(self)
        found: _Found = self._found[find]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Mapping[str, str]):
    """Facts by name, each computed once; empty where a name is not known. Named groups of a rule's
    pattern come before them.
    """

    context: Context
    failure: Failure
    link: Raised
    groups: Mapping[str, str] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict, repr=False)
    _found: dict[Callable[[Facts], Any], Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> str:
        if name in self.groups:
            return self.groups[name]
        if name not in self._known:
            compute = self.context.catalogue.get(name)
            self._known[name] = compute(self) if compute else ""
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self.context.catalogue, **self.groups})

    def __len__(self) -> int:
        return len({**self.context.catalogue, **self.groups})

    def with_groups(self, groups: Mapping[str, str]) -> Facts:
        """These facts, and what a pattern found in the message."""
        if not groups:
            return self
        groups = {**self.groups, **groups}
        return Facts(context=self.context, failure=self.failure, link=self.link, groups=groups)

    def once(self, find: Callable[[Facts], _Found]) -> _Found:
        """What several facts are parts of, found once."""
        if find not in self._found:
            self._found[find] = find(self)
        found: _Found = self._found[find]
        return found

    def group(self, name: str) -> str:
        """A named group of the rule's pattern; empty where it has none."""
        return self.groups.get(name, "")

    def attribute(self, name: str) -> str:
        """A text attribute of the exception; empty where it has none."""
        value = self.link.attributes.get(name)
        return value if isinstance(value, str) else ""

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The traceback without the frames of import machinery, pytest and its hooks.

        Of a member that was put into a group and never raised, that of the group.
        """
        return self.once(_frames)


def _frames(facts: Facts) -> tuple[Frame, ...]:
    raised = _without_passers_on(facts.link.frames) or next(
        (link.frames for link in facts.failure.exceptions if link.members), ()
    )
    everywhere = (*raised, *_frames_elsewhere(facts))
    return tuple(frame for frame in everywhere if not frame.file.startswith(_MACHINERY))


def _frames_elsewhere(facts: Facts) -> Iterator[Frame]:
    """Frames of the project in the process that the exception came from, if not this one."""
    root = f"{facts.context.recording.run.root.rstrip('/')}/"
    for link in facts.failure.exceptions:
        lines = _TRACEBACK.findall(link.message) if link.type in FROM_ELSEWHERE else ()
        for path, line, function, source in lines:
            if path.startswith(root):
                file = path.removeprefix(root)
                yield Frame(file=file, line=int(line), function=function, source=source)


def _without_passers_on(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """Without the lines at which the wrappers of a hook got what the hook itself raised."""
    return tuple(
        frame
        for frame, below in zip_longest(frames, frames[1:])
        if below is None or not (below.file.startswith("pluggy/") and below.function in _RERAISING)
    )


def own_frame(facts: Facts) -> Frame | None:
    """The deepest frame of the project or its tests."""
    own = [frame for frame in facts.frames if frame.origin in ("project", "test")]
    return own[-1] if own else None


def is_harness(frame: Frame) -> bool:
    """Whether a frame is of tests: a test, a conftest or what stands beside them."""
    return frame.origin == "test" or frame.file.rpartition("/")[2] == "conftest.py"


def module_of(frame: Frame) -> str:
    """The dotted name of an installed or stdlib frame's module."""
    return frame.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def part(find: Callable[[Facts], object], name: str) -> Fact:
    """The fact that is this attribute of what is found; empty where nothing is."""
    return lambda facts: getattr(facts.once(find), name, "")
