"""What the record says is installed in the tested environment, and which part of it owns what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conftest_kit.records import Distribution, Recording

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM"}
"""`sys.implementation.name` to what `platform.python_implementation()` says."""
_EXTRA = re.compile(r'\bextra == "([^"]{1,200})"')
_PYTHON_NAMES = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """An installed distribution."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A requirement of an installed distribution that is not satisfied."""

    by: Owner
    requirement: str
    name: str
    """The distribution it asks for."""
    installed: str
    """The version that is there; empty where none is."""


class Installed:
    """Answers from a recording; nothing is asked of the interpreter that runs this."""

    def __init__(self, recording: Recording) -> None:
        self._environment = recording.run.environment
        self._distributions = recording.distributions

    @cached_property
    def versions(self) -> dict[str, str]:
        """Normalised name to version."""
        named = {entry.name: entry.version for entry in self._distributions}
        return {
            canonicalize_name(name): version
            for name, version in {**named, **self._environment.distributions}.items()
        }

    @cached_property
    def modules(self) -> dict[str, tuple[Distribution, ...]]:
        """Import name at the top level to the distributions that bring it."""
        found: dict[str, list[Distribution]] = {}
        for entry in self._distributions:
            for module in entry.modules:
                found.setdefault(module, []).append(entry)
        return {module: tuple(owners) for module, owners in found.items()}

    @property
    def is_described(self) -> bool:
        """Whether the record has the metadata of what is installed, not only names."""
        return bool(self._distributions)

    def version(self, name: str) -> str:
        """The installed version; empty where it is not installed."""
        return self.versions.get(canonicalize_name(name), "")

    def has(self, name: str) -> bool:
        """Whether a distribution of that name is installed."""
        return canonicalize_name(name) in self.versions

    @cached_property
    def plugins(self) -> Mapping[str, Mapping[str, str]]:
        """Distributions that bring plugins of pytest's, normalised, to their entry points."""
        return {
            canonicalize_name(entry.name): entry.pytest_plugins
            for entry in self._distributions
            if entry.pytest_plugins
        }

    def is_plugin(self, name: str) -> bool:
        """Whether a distribution brings plugins of pytest's, by its metadata."""
        return canonicalize_name(name) in self.plugins

    def owner(
        self, module: str, known: tuple[str, ...] = (), *, shared: bool = False
    ) -> Owner | None:
        """Who brings a module: by metadata, else the first of the `known` names that is installed.

        A namespace such as `google` is `shared`; of its owners only the one whose name the module
        bears, or that is known to bring it.
        """
        top = module.partition(".")[0]
        owners = self.modules.get(top, ())
        if len(owners) == 1 and not shared:
            return Owner(name=owners[0].name, version=owners[0].version)
        wanted = {canonicalize_name(name) for name in (*known, module.replace(".", "-"), top)}
        for entry in owners:
            if canonicalize_name(entry.name) in wanted:
                return Owner(name=entry.name, version=entry.version)
        if owners or self.is_described or shared:
            return None
        # Only names were recorded: a distribution of the module's own name is taken for its owner.
        name = next((name for name in (*known, top) if self.has(name)), None)
        return Owner(name=name, version=self.version(name)) if name else None

    def asked_for(self, name: str) -> Iterator[tuple[Owner, str]]:
        """Who requires a distribution, and through which extra (empty: always)."""
        for entry, text in self._requirements.get(canonicalize_name(name), ()):
            if requirement := _requirement(text):
                owner = Owner(name=entry.name, version=entry.version)
                yield owner, _extra(requirement, entry.extras)

    def asked_by(self, name: str) -> frozenset[str]:
        """What a distribution requires, also through extras, and elsewhere; normalised names."""
        return self._asked.get(canonicalize_name(name), frozenset())

    @cached_property
    def _asked(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for wanted, asking in self._requirements.items():
            for entry, _ in asking:
                found.setdefault(canonicalize_name(entry.name), set()).add(wanted)
        return {name: frozenset(wanted) for name, wanted in found.items()}

    def specifiers(self, name: str) -> Iterator[tuple[Owner, SpecifierSet]]:
        """Which versions of a distribution others require here, without their extras."""
        for entry, text in self._requirements.get(canonicalize_name(name), ()):
            requirement = _requirement(text)
            if requirement and requirement.specifier and self._applies(requirement.marker):
                yield Owner(name=entry.name, version=entry.version), requirement.specifier

    def admitted(self, text: str) -> SpecifierSet | None:
        """Which versions a requirement admits; None where it admits all, does not hold here, or is
        not written as pip reads it (poetry's `^1.2`).
        """
        requirement = _requirement(text)
        holds = requirement is not None and self._applies(requirement.marker)
        return (requirement.specifier or None) if requirement and holds else None

    def required_by(self, name: str) -> Iterator[str]:
        """Normalised names of what a distribution requires, with any of its extras."""
        for wanted, asking in self._requirements.items():
            if any(canonicalize_name(entry.name) == canonicalize_name(name) for entry, _ in asking):
                yield wanted

    def lacking(self, name: str, extra: str) -> str:
        """The first distribution that an extra brings here and that is not installed."""
        wanted = canonicalize_name(extra)
        absent = self.absent_of_extras(name)
        return next((one for one, by in absent if canonicalize_name(by) == wanted), "")

    def absent_of_extras(self, name: str) -> Iterator[tuple[str, str]]:
        """What a distribution asks for here with one of its extras alone and that is not installed,
        and that extra.
        """
        wanted = canonicalize_name(name)
        for entry in self._distributions:
            if canonicalize_name(entry.name) == wanted:
                for requirement in filter(None, map(_requirement, entry.requires)):
                    extra = _extra(requirement, entry.extras)
                    here = extra and self._applies(requirement.marker, extra)
                    if here and not self.has(requirement.name):
                        yield requirement.name, extra

    def behind(self, name: str) -> Iterator[tuple[str, str]]:
        """What is installed and older than one of a distribution's extras asks for, and what that
        is: where several are, the distribution is younger than what stands around it.
        """
        wanted = canonicalize_name(name)
        for entry in self._distributions:
            requires = entry.requires if canonicalize_name(entry.name) == wanted else ()
            for requirement in filter(None, map(_requirement, requires)):
                version = version_of(self.version(requirement.name))
                extra = _extra(requirement, entry.extras)
                applies = extra and version and self._applies(requirement.marker, extra)
                if version and applies and _is_below(version, requirement.specifier):
                    yield canonicalize_name(requirement.name), _without_marker(requirement)

    def outgrown(self, name: str) -> Iterator[Unmet]:
        """Who asks for a later release of a distribution than is installed, with an extra or
        without.
        """
        version = version_of(self.version(name))
        for entry, text in self._requirements.get(canonicalize_name(name), ()):
            asked = _requirement(text)
            if version and asked and _is_below(version, asked.specifier):
                yield Unmet(
                    by=Owner(name=entry.name, version=entry.version),
                    name=asked.name,
                    requirement=_without_marker(asked),
                    installed=str(version),
                )

    def later_asked(self, name: str) -> Iterator[Unmet]:
        """What a distribution requires, without its extras, of which an older release is there."""
        wanted = canonicalize_name(name)
        own = (one for one in self.unmet((name,)) if canonicalize_name(one.by.name) == wanted)
        for one in own:
            version, asked = version_of(one.installed), self.admitted(one.requirement)
            if version and asked and _is_below(version, asked):
                yield one

    def unmet(self, touched: Iterable[str]) -> Iterator[Unmet]:
        """Requirements of these distributions, or on them, that hold here and are not satisfied."""
        names = {canonicalize_name(name) for name in touched}
        for wanted, asking in self._requirements.items():
            for entry, text in asking:
                if wanted in names or canonicalize_name(entry.name) in names:
                    found = self.unmet_by(Owner(name=entry.name, version=entry.version), text)
                    if found:
                        yield found

    @cached_property
    def _requirements(self) -> dict[str, list[tuple[Distribution, str]]]:
        """Normalised name of what is required, to who requires it, and how it is written.

        Parsing 2,000 requirements takes 0.8 s, their names 2 ms: only what is asked for is parsed.
        """
        found: dict[str, list[tuple[Distribution, str]]] = {}
        for entry in self._distributions:
            for text in entry.requires:
                if name := _NAME.match(text):
                    found.setdefault(canonicalize_name(name[0]), []).append((entry, text))
        return found

    def unmet_by(self, asking: Owner, text: str) -> Unmet | None:
        """A requirement, where it holds here and is not satisfied."""
        requirement = _requirement(text)
        if requirement is None or not self._applies(requirement.marker):
            return None
        version = self.version(requirement.name)
        try:
            if version and requirement.specifier.contains(version, prereleases=True):
                return None
        except (InvalidVersion, InvalidSpecifier):
            return None
        return Unmet(
            by=asking,
            requirement=_without_marker(requirement),
            name=requirement.name,
            installed=version,
        )

    def _applies(self, marker: Marker | None, extra: str = "") -> bool:
        if marker is None:
            return True
        python = self._environment.python.get("version", "")
        implementation = self._environment.python.get("implementation", "cpython").lower()
        system = self._environment.platform.get("system", "")
        tested = {
            "python_version": ".".join(python.split(".")[:2]),
            "python_full_version": python,
            "platform_system": system,
            "sys_platform": _PYTHON_NAMES.get(system, system.lower()),
            "os_name": "nt" if system == "Windows" else "posix",
            "platform_machine": self._environment.platform.get("machine", ""),
            "implementation_name": implementation,
            "platform_python_implementation": _IMPLEMENTATIONS.get(implementation, implementation),
            "extra": extra,
        }
        try:
            return bool(python) and marker.evaluate(tested)
        except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
            return False


@lru_cache(maxsize=4096)
def version_of(text: str) -> Version | None:
    """None where it is no version as PEP 440 has them."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def is_exact(specifier: Specifier) -> bool:
    """Whether it admits one release alone: `==2.*` is a range."""
    return specifier.operator in {"==", "==="} and not specifier.version.endswith(".*")


def _is_below(version: Version, specifier: SpecifierSet) -> bool:
    lower = (one for one in specifier if one.operator in {">=", "~=", "==", ">"})
    bounds = (version_of(one.version.removesuffix(".*")) for one in lower)
    return any(version < bound for bound in bounds if bound)


@lru_cache(maxsize=4096)
def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _without_marker(requirement: Requirement) -> str:
    """As a command takes it: `Flask[async]<2.0,>=0.24`, also where old metadata has parentheses and
    blanks.
    """
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _extra(requirement: Requirement, extras: tuple[str, ...]) -> str:
    # `html_clean` in one place is `html-clean` in another, and also the marker may be rewritten so.
    asked = {canonicalize_name(name) for name in _EXTRA.findall(str(requirement.marker or ""))}
    return next((extra for extra in extras if canonicalize_name(extra) in asked), "")
