"""`.ci/surface` reads off released sources what they have, and keeps what changed between releases."""

from __future__ import annotations

import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generator():
    """The modules of the script: of sources, releases and changes."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(ROOT / ".ci" / "surface"))
        before = set(sys.modules)
        import changes
        import releases
        import sources

        yield sources, releases, changes
        for name in set(sys.modules) - before:
            del sys.modules[name]


@pytest.fixture
def surface(generator, tmp_path):
    """`surface({file: content})`: of a release of these files."""
    sources, releases, _ = generator
    count = iter(range(9))

    def of(files):
        folder = tmp_path / str(next(count))
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(content), "utf-8")
        return releases.surface(sources.modules_of(folder))

    return of


@pytest.fixture
def changed(generator, surface):
    """`changed(release, …)`: the lines of the file on releases 1.0, 2.0 and so on."""
    *_, changes = generator

    def lines(*releases):
        history = {f"{place}.0": surface(files) for place, files in enumerate(releases, 1)}
        text = changes.document("frames", history, list(history), "2026-11-22")
        return [line for line in text.splitlines()[4:] if line and not line.startswith("[")]

    return lines


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (
            "def a(): b = 1\nclass C: d = 2\ne = f = 3\ng: int = 4\nh, (i, *j) = k",
            "a C e f g h i j",
        ),
        ("import os\nimport yaml as y\nfrom x.z import w\nfrom typing import Any", "y w"),
        ("try:\n    import a\nexcept ImportError:\n    a = None\nelse:\n    b = 1", "a b"),
        ("import sys\nif sys.version_info > (3,):\n    a = 1\nelse:\n    b = 2", "a b"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from x import y\nz = 1", "z"),
        ("import typing as t\nif t.TYPE_CHECKING:\n    from x import y\nelse:\n    z = 1", "z"),
        ("a = b = 1\ndel a", "b"),
        ("for a in ():\n    b = 1\nwith open(x) as c:\n    d = 2", "a b c d"),
        ("from .core import *\nfrom . import core\nfrom os.path import sep as s", "Row core"),
        ("__version__ = '1'\n__all__ = ['a']", "__version__"),
    ],
)
def test_names_of_a_module(surface, source, names):
    """What it binds when it is imported, but not what of the standard library it uses."""
    core = "__all__ = ['Row']\nclass Row: pass\nclass Hidden: pass"

    found = surface({"frames/__init__.py": source, "frames/core.py": core}).modules["frames"]

    assert found.names == set(names.split())
    assert not found.is_open


@pytest.mark.parametrize(
    "source",
    [
        "globals().update({})",
        "import sys\nsys.modules[__name__] = x",
        "exec('a = 1')",
        "from compiled import *",
        "for name in ():\n    globals()[name] = 1",
    ],
)
def test_a_module_that_does_not_say_all_is_open(surface, source):
    """What is not seen in it may be there."""
    assert surface({"frames.py": source}).modules["frames"].is_open


def test_modules_are_files_and_folders(surface):
    """Tests and what is brought along of others are none of its own."""
    found = surface(
        {
            "frames/__init__.py": "",
            "frames/io/csv.py": "",
            "frames/_speed.cpython-312-x86_64-linux-gnu.so": "",
            "frames/tests/test_csv.py": "",
            "frames/_vendor/six.py": "",
            "frames/python2.py": "print 'no'",
            "frames-1.0.dist-info/extra.py": "",
        }
    )

    assert set(found.modules) == {"frames", "frames.io", "frames.io.csv", "frames._speed"}
    assert found.modules["frames._speed"].is_open


@pytest.mark.parametrize(
    ("source", "members", "is_open"),
    [
        ("class C:\n    a = 1\n    b: int\n    def c(self): self.d = 1", "a b c d", False),
        ("class C:\n    __slots__ = ('a', 'b')", "a b", False),
        ("class B:\n    a = 1\nclass C(B):\n    b = 1", "a b", False),
        ("from .core import Base\nclass C(Base): pass", "kept", False),
        ("from . import core\nclass C(core.Base): pass", "kept", False),
        ("from .passing import Base\nclass C(Base): pass", "kept", False),
        ("from yaml import Base\nclass C(Base): pass", "", True),
        ("import enum\nclass C(enum.Enum):\n    A = 1", "A", False),
        ("class C:\n    def __getattr__(self, name): return 1", "", True),
        ("class C(metaclass=Registering): pass", "", True),
        ("class C: pass\nC.a = 1", "a", False),
        ("from typing import Generic, T\nclass C(Generic[T]):\n    a = 1", "a", False),
        ("class C(dict): pass", "", False),
    ],
)
def test_members_of_a_class(surface, source, members, is_open):
    """Its own, those of its bases, and those that its methods set; open where a base is not seen."""
    files = {
        "frames/__init__.py": source,
        "frames/core.py": "class Base:\n    def kept(self): pass",
        "frames/passing.py": "from .core import Base",
    }

    found = surface(files).classes["C"]

    assert {name for name in found.names if not hasattr(dict, name)} - {"name", "value"} >= set(
        members.split()
    )
    assert found.is_open is is_open


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        ("def f(a): pass", "def f(a, b=1): pass", "f +2.0 @2 b"),
        ("def f(a, b=1): pass", "def f(a, *, b=1): pass", "f -2.0 @2"),
        ("def f(a, b=1): pass", "def f(a, b): pass", "f -2.0 b?"),
        ("def f(a, b): pass", "def f(a, /, b): pass", "f -2.0 a"),
        ("def f(a, *, b): pass", "def f(a): pass", "f -2.0 b +2.0 b?"),
        ("def f(a, b): pass", "def f(a, **more): pass", "f -2.0 @2 +2.0 b?"),
        ("def f(a, b): pass", "def f(*more, **other): pass", "f +2.0 a? b?"),
        ("def f(a, b): pass", "@renamed('b', 'c')\ndef f(a, c): pass", "f +2.0 b? c"),
        (
            "class C:\n    def f(self): pass",
            "class C:\n    def f(self, a): pass",
            "C.f +2.0 @2 a -2.0 a?",
        ),
        (
            "class C:\n    @staticmethod\n    def f(): pass",
            "class C:\n    @staticmethod\n    def f(a): pass",
            "C.f +2.0 @1 a -2.0 a?",
        ),
        (
            "@dataclass\nclass C:\n    a: int",
            "@dataclass\nclass C:\n    a: int\n    b: int = 1\n    c: ClassVar[int] = 2",
            "C.__init__ +2.0 @3 b",
        ),
        (
            "class C(NamedTuple):\n    a: int",
            "class C(NamedTuple):\n    a: int\n    b: int",
            "C.__new__ +2.0 @3 b -2.0 b?",
        ),
    ],
)
def test_how_a_function_can_be_called(changed, first, second, line):
    """By keyword (`b`), without an argument (`b?`), with two by position (`@2`)."""
    calls = [one for one in changed({"m.py": first}, {"m.py": second}) if one[:2] in ("f ", "C.")]

    assert calls == [line]


def test_what_left_and_came_is_kept(changed):
    """With the release that first showed it; what is always there is not."""
    first = {"m.py": "a = always = 1\nclass C:\n    x = 1", "old.py": "y = 1"}
    second = {"m.py": "b = always = 1\nclass C:\n    z = 1"}
    third = {"m.py": "a = always = 1\nclass C:\n    z = 1", "new.py": "y = 1"}

    found = changed(first, second, third)

    assert found == [". +3.0 new -2.0 old", "m -2.0+3.0 a +2.0-3.0 b", "C -2.0 x +2.0 z"]


def test_what_comes_and_goes_with_its_module_is_not_kept(changed):
    """The module tells."""
    package = {"p/__init__.py": "", "p/m.py": "a = 1"}

    assert changed({"q.py": ""}, {"q.py": "", **package}, {"q.py": ""}) == [". +2.0-3.0 p"]


@pytest.mark.parametrize(
    ("shim", "last", "line"),
    [
        # Made for those who ask, until it is gone for good.
        ("def __getattr__(name):\n    if name == 'a': return 1", "", "m -3.0 a"),
        # Nobody knows how long: it may still be made.
        ("def __getattr__(name):\n    return {'a': 1}[name]", "def __getattr__(name): 'a'", None),
        # Another name is made.
        ("def __getattr__(name):\n    if name == 'b': return 1", "", "m -2.0 a"),
        # Nothing is told of what is bound.
        ("globals().update(x)", "globals().update(x)", None),
    ],
)
def test_what_a_module_makes_when_it_is_asked_has_not_left(changed, shim, last, line):
    """A deprecated alias is in the module's `__getattr__` as a text."""
    found = changed({"m.py": "a = c = 1"}, {"m.py": f"c = 1\n{shim}"}, {"m.py": f"c = 1\n{last}"})

    assert [one for one in found if " a" in one] == ([line] if line else [])


def test_names_that_a_plain_module_only_imports_are_not_kept(changed):
    """But those of a package are, which it hands on to those who use it."""
    with_import = {"p/__init__.py": "from yaml import a", "p/m.py": "from yaml import a\nb = 1"}
    without = {"p/__init__.py": "", "p/m.py": "b = 1"}

    assert changed(with_import, without) == ["p -2.0 a"]


def test_calls_of_private_functions_are_not_kept(changed):
    """Those of constructors are; and members that classes built on it may call are all kept."""
    first = "class C:\n    def _f(self): pass\n    def __init__(self): pass\ndef _g(): pass"
    second = "class C:\n    _a = 1\n    def __init__(self, x): pass\ndef _g(x): pass"

    lines = changed({"m.py": first}, {"m.py": second})

    assert lines == ["C +2.0 _a -2.0 _f", "C.__init__ +2.0 @2 x -2.0 x?"]


def test_every_file_is_of_a_listed_library():
    """And every library that is listed has its file."""
    listed = (ROOT / ".ci" / "surface" / "libraries.txt").read_text("utf-8").splitlines()
    named = {canonicalize_name(line.partition(">=")[0]) for line in listed if line[0] != "#"}
    kept = (ROOT / "orchestrator" / "knowledge" / "surface").glob("*.txt")

    assert {path.stem for path in kept} == named


def test_the_wheel_ships_them(wheel):
    """Each file that is in the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if "/knowledge/surface/" in name}
    kept = (ROOT / "orchestrator" / "knowledge" / "surface").glob("*.txt")

    assert shipped == {path.relative_to(ROOT).as_posix() for path in kept}
