"""What the failures that are made for rules have in common: places, projects, distributions."""

from __future__ import annotations

from conftest_kit.records import Distribution, Left
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Guard, Source
from orchestrator.checkout.uses import Use

LOOKUP = "_pytest.fixtures.FixtureLookupError"
SHOP = "shop/cart.py:7:total"
TEST = "tests/test_cart.py:9:test_total"
CONFTEST = "tests/conftest.py:5:basket"
LIB = "lib/frames/table.py:3:read"
LIBRARY = "lib/webframe/app.py:3:get"
RPC = ("grpc.RpcError",)
CONNECTS = "lib/webframe/client.py:8:connect"
SHOP_CONNECTS = "shop/client.py:8:connect"
LOGGED = {
    "log": "WARNING  shop.cart:cart.py:6 will try again: [Errno 111] Connection refused "
    "by prices.internal:8080"
}
STOPPED = "lib/pytest_timeout.py:317:timeout_sigalrm"
CASE = "std/unittest/case.py:584:_callTearDown"
OS = "std/os.py:9:__getitem__"
MISMATCH = (
    "ScopeMismatch: You tried to access the function scoped fixture a with a session scoped request"
)
BASKET = [("basket", "tests/conftest.py", 4)]
GIVING_NOTHING = Project(
    name="shop",
    fixtures=(
        FixtureDefinition(
            name="basket", function="basket", file="tests/conftest.py", line=4, gives_nothing=True
        ),
    ),
)
NUMPY = Distribution(name="numpy", version="2.3.0", modules=("numpy",))
PYYAML = Distribution(name="PyYAML", version="6.0.3", modules=("_yaml", "yaml"))
HTTPX = Distribution(name="httpx", version="0.28.1", modules=("httpx",))
URLLIB3 = Distribution(name="urllib3", version="2.5.0", modules=("urllib3",))
PIP = Distribution(name="frames", version="2.0", modules=("frames",))
WEBFRAME = Distribution(name="webframe", version="0.110", modules=("webframe",))
ALONE = {"distributions": (PIP, NUMPY)}
ASYNC = Project(
    name="shop",
    requirements=(
        Requirement(name="pytest-asyncio", text="pytest-asyncio", file="pyproject.toml"),
    ),
)
NEWER_WEBFRAME = Project(
    name="shop",
    requirements=(Requirement(name="webframe", text="webframe>=99", file="pyproject.toml"),),
)
OTHER_SERIAL = (Distribution(name="pyserial", version="2.7", modules=("serial_of_old",)),)
TEMPORARY = {"attributes": {"errno": 2, "filename": "/tmp/pytest-of-me/pytest-0/test_a0/x"}}
GONE = {"attributes": {"errno": 2, "filename": "out/prices.csv"}}
WENT = Left("folder", "out", "changed", "tests/test_report.py::test_writes", ("there",))
SILENT = Left("logging", "CRITICAL", "changed", "tests/test_cart.py::test_first", ("quiet",))
LEFT = Left("variable", "SHOP_MODE", "set", "tests/test_cart.py::test_first", ("mode",))
MOCK = Distribution(name="pytest-mock", version="3.17.0", modules=("pytest_mock",))
TIMEOUT = Distribution(
    name="pytest-timeout",
    version="2.3.1",
    modules=("pytest_timeout",),
    pytest_plugins={"timeout": "pytest_timeout"},
)
COV = Distribution(name="pytest-cov", version="7.1.0", modules=("pytest_cov",))
FAR = Project(
    name="shop",
    fixtures=(
        FixtureDefinition(name="basket", function="basket", file="tests/a/conftest.py", line=4),
    ),
)
ASYNCIO = Distribution(
    name="pytest-asyncio",
    version="0.23.2",
    modules=("pytest_asyncio",),
    pytest_plugins={"asyncio": "pytest_asyncio.plugin"},
)
LAZY = Distribution(
    name="pytest-lazy-fixture",
    version="99",
    modules=("pytest_lazyfixture",),
    pytest_plugins={"lazy-fixture": "pytest_lazyfixture"},
)
WITH_CV2X = Project(
    name="shop", requirements=(Requirement(name="cv2x", text="cv2x", file="pyproject.toml"),)
)
GUARDED = Project(
    name="shop",
    modules=frozenset({"shop"}),
    files=("shop/__init__.py", "shop/cart.py"),
    sources={
        "shop/cart.py": Source(
            guards=(Guard(modules=("yaml",), names=("yaml", "HAS_YAML"), lines=((5, 9),)),)
        )
    },
)
EXPECTING = Project(name="shop", sources={"tests/test_cart.py": Source(expects=((8, 10),))})
HELPED = Project(name="shop", modules=frozenset({"shop"}), files=("tests/support/prices.py",))
STAND_IN = Distribution(name="frames", version="2.0", modules=("frames", "zzyzx"))
ASKING = Project(
    name="shop",
    modules=frozenset({"shop"}),
    sources={"shop/cart.py": Source(imports={"webframe": "webframe"})},
)
ASKING_FRAMES = Project(
    name="shop",
    modules=frozenset({"shop", "tests"}),
    requirements=(Requirement(name="frames", text="frames>=1", file="pyproject.toml"),),
    sources={"tests/test_cart.py": Source(imports={"frames": "frames", "re": "re"})},
)
USING = Project(
    name="shop",
    modules=frozenset({"shop"}),
    sources={"shop/cart.py": Source(imports={"flask": "flask", "Flask": "flask.Flask"})},
)


def of_flask(version):
    """A run with a release of Flask."""
    flask = Distribution(name="Flask", version=version, modules=("flask",))
    return {"distributions": (flask,), "project": USING}


def using(kind, name, *, file="shop/cart.py", at=6, **more):
    """A project whose code uses something of the machine in the function that raises."""
    use = Use(kind=kind, name=name, at=at, lines=((at, 20),), **more)
    return Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=("shop/__init__.py", "shop/cart.py", "tests/test_cart.py"),
        sources={
            "tests/test_cart.py": Source(imports={"total": "shop.cart.total"}),
            file: Source(imports={"total": "shop.cart.total"}, uses=(use,)),
        },
    )


OF_2024 = tuple(
    Distribution(name=name, version=version, modules=(name,))
    for name, version in {
        "click": "8.1.7",
        "flask": "3.0.2",
        "packaging": "23.2",
        "pytest": "7.4.4",
        "attrs": "23.2.0",
    }.items()
)
YOUNGER = {
    "project": Project(
        name="shop",
        modules=frozenset({"shop"}),
        sources={"tests/test_cart.py": Source(imports={"pandas": "pandas"})},
    ),
    "distributions": (
        Distribution(name="pandas", version="3.0.1", modules=("pandas",)),
        *OF_2024,
    ),
}
MOCKING = Project(
    name="shop",
    requirements=(Requirement(name="pytest-mock", text="pytest-mock", file="pyproject.toml"),),
    fixtures=(FixtureDefinition(name="mocker", function="mocker", file="t/conftest.py", line=4),),
)
BLOCKED = {"command": ("pytest", "-p", "no:asyncio")}


def no_module(name, *places, **more):
    """A chain of one ModuleNotFoundError."""
    message = f"No module named {name!r}"
    return [("ModuleNotFoundError", message, *places)], {"attributes": {"name": name}, **more}


def one(kind, message="", *places, **more):
    """A chain of one link."""
    return [(kind, message, *places)], more
