"""What releases dropped: the entries hold together, and each explains the failure that it is about."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from conftest_kit.records import Distribution
from orchestrator.classify.releases.breaks import Break, _known_by
from orchestrator.classify.rules import knowledge

TEST = "tests/test_cart.py:9:test_total"
KEYS = {
    *("kind", "of", "inherited", "names", "last_with", "removed_in", "back_in"),
    *("exception", "message", "says", "remedy", "adds", "source", "advice", "told", "probed"),
    *(
        "raised_in",
        "line",
        "asks",
        "example",
        "prelude",
        "before_present",
        "before_absent",
        "beside",
    ),
}
FILES = sorted(
    file.name.removesuffix(".toml")
    for file in files("orchestrator").joinpath("knowledge/breaks").iterdir()
)
ENTRIES = [
    (knowledge(f"breaks/{name}")["distribution"], entry)
    for name in FILES
    for entry in knowledge(f"breaks/{name}")["break"]
]
NAMES = [(distribution, entry, name) for distribution, entry in ENTRIES for name in entry["names"]]


def last(dotted):
    """The name itself."""
    return dotted.rpartition(".")[2]


def failure(entry, name):
    """The exception that CPython or pytest raises for want of it: its type, message and attributes."""
    of = entry.get("of", "")
    function = last(of)
    attributes = {"obj": of, "name": name} if entry["kind"] in ("attribute", "name") else {}
    said = {
        "module": ("ModuleNotFoundError", f"No module named {name!r}"),
        "name": ("ImportError", f"cannot import name {name!r} from {of!r} (/v/x.py)"),
        "attribute": ("AttributeError", f"{function!r} object has no attribute {name!r}"),
        "keyword": ("TypeError", f"{function}() got an unexpected keyword argument {name!r}"),
        "positional": (
            "TypeError",
            f"{function}() takes from 1 to 2 positional arguments but 3 were given",
        ),
        "required": ("TypeError", f"{function}() missing 1 required positional argument: {name!r}"),
        "fixture": ("_pytest.fixtures.FixtureLookupError", f"fixture {name!r} not found"),
        "hook": ("pluggy.PluginValidationError", f"unknown hook {name!r} in plugin <a>"),
        "argument": (
            "pluggy.PluginValidationError",
            (
                f"Plugin '/shop/tests/conftest.py' for hook '{function}'\nhookimpl definition: "
                f"{function}({name}, config)\nArgument(s) {{{name!r}}} are declared in the hookimpl"
            ),
        ),
        "option": ("", f"pytest: error: unrecognized arguments: {name}"),
        "behaviour": (entry.get("exception"), entry.get("says", "").replace("{name}", name)),
    }
    return *said[entry["kind"]], attributes


def explained(made_of, distribution, entry, name, version):
    """The verdict and the suggestions of that failure, with a version of the distribution."""
    red, raised = made_of
    kind, message, attributes = failure(entry, name)
    if entry["kind"] == "fixture":
        attributes = {"argname": name}
    bare = canonicalize_name(distribution)
    installed = () if bare == "python" else (Distribution(name=distribution, version=version),)
    more = {"python": version} if bare == "python" else {}
    starts = entry["kind"] in ("argument", "hook", "option")
    places = (TEST, f"std/{entry['raised_in']}:7:x") if "raised_in" in entry else (TEST,)
    source = entry.get("asks", "")
    made = red(
        *([raised(kind, message, *places, source=source, attributes=attributes)] if kind else ()),
        phase="start" if starts else "setup" if entry["kind"] == "fixture" else "call",
        message=message,
        distributions=installed,
        plugins={entry.name: entry.version for entry in installed},
        **more,
    )
    return made.verdict(), made.suggestions()


@pytest.mark.parametrize(
    ("distribution", "entry"), ENTRIES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_entry_holds_together(distribution, entry):
    """It says what left, between which releases, and where that can be read."""
    assert set(entry) <= KEYS
    assert entry["names"]
    assert entry["kind"] in knowledge("breaks")
    assert Version(entry["last_with"]) < Version(entry["removed_in"])
    assert Version(entry.get("back_in", "9999")) > Version(entry["removed_in"])
    assert entry["source"].startswith("https://")
    assert set(entry.get("told", ())) <= {"removal", "instead"}
    assert "advice" not in entry or "instead" in entry["told"]
    assert entry.get("probed", True) or "removal" in entry["told"]
    assert "of" in entry or entry["kind"] in ("module", "option", "behaviour")


def test_files_are_named_after_distributions():
    """By the normalised name, which is how they are found."""
    named = {canonicalize_name(knowledge(f"breaks/{name}")["distribution"]) for name in FILES}

    assert named == set(FILES)


def test_no_entry_is_there_twice():
    """The same name of the same thing leaves once, or comes back in between."""
    seen = [
        (distribution, entry["kind"], entry.get("of", ""), name, entry.get("back_in", ""))
        for distribution, entry, name in NAMES
    ]

    assert sorted(seen) == sorted(set(seen))


@pytest.mark.parametrize(
    ("entry", "known"),
    [
        ({"told": ["removal"]}, "so https://a.example and the releases themselves; 1.0 was"),
        ({"told": ["instead"]}, "so the releases themselves; 1.0 was the last with it. Read on"),
        ({}, "so the releases themselves; 1.0 was the last with it. Read on in: https://a.example"),
        ({"told": ["removal"], "probed": False}, "so https://a.example; 1.0 was the last"),
    ],
)
def test_what_an_entry_rests_on_is_said(entry, known):
    """The releases, the page that was read, or both; a page that was not read is only pointed to."""
    said = {"last_with": "1.0", "removed_in": "2.0", "source": "https://a.example", **entry}
    kind = {"kind": "module", "names": {"acme": ""}}

    assert known in _known_by(Break("acme", "2.0", "acme", {**kind, **said}))


@pytest.mark.parametrize("entry", [entry for _, entry in ENTRIES if entry["kind"] == "behaviour"])
def test_behaviour_is_told_by_its_message(entry):
    """What the release really said is what is looked for."""
    for name in entry["names"]:
        known = entry["message"] if isinstance(entry["message"], list) else [entry["message"]]
        said = entry["says"].replace("{name}", name)
        assert any(re.search(pattern, said) for pattern in known)
    assert entry["remedy"]


@pytest.mark.parametrize("kind", ["AssertionError", "Failed"])
def test_words_of_a_later_release_that_a_check_does_not_expect(red, raised, kind):
    """`pytest.raises` fails with an exception of pytest's own where the words are others."""
    said = (
        'Regex pattern did not match.\n  Expected regex: "can\'t set attribute"\n'
        "  Actual message: \"property 'price' of 'Cart' object has no setter\""
    )

    verdict = red(raised(kind, said, TEST), python="3.12.4").verdict()

    assert (verdict.rule, verdict.culprit.name) == ("python-break@1", "Python")


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("werkzeug", "3.0.0", "assert '/login' == 'http://localhost/logout'"),
        ("werkzeug", "3.0.0", "assert '/login' == 'http://localhost/login'"),
        ("bleach", "6.2.0", "assert 'a' == 'b'\n- <img alt src>\n+ <img src>"),
        ("bleach", "6.2.0", "assert 'a' == 'b'\n- <img alt src>\n+ <div src alt>"),
        ("bleach", "4.1.0", "assert 'a' == 'b'\n- <img alt src>\n+ <img src alt>"),
        ("click", "8.1.7", "assert 'No such option: --cart' in 'Usage: shop'"),
        ("pydantic", "2.7.0", "assert 'Field required' == 'Input should be a valid integer'"),
        ("jsonschema", "4.23.0", "assert '[] should be non-empty' == ''"),
        ("numpy", "2.3.0", "assert 'total=0.5' == 'sum=0.5'"),
        ("numpy", "2.3.0", "assert 'total=np.float64(0.5)' == 'total=0.7'"),
        ("numpy", "2.3.0", "assert [np.float64(0.5), 0.6] == [0.5, 0.7]"),
        ("pandas", "3.0.0", 'Attribute "dtype" are different\n[left]:  int64\n[right]: object'),
    ],
)
def test_words_that_differ_otherwise_are_no_break(red, raised, name, version, message):
    """Both the words of before and those of after have to be there, of the same thing."""
    made = red(
        raised("AssertionError", message, TEST),
        distributions=(Distribution(name=name, version=version, modules=(name,)),),
    )

    assert made.verdict().category == "assertion"


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("httpx", "0.28.1", """assert b'{"total":1}' == b'{"sum": 1}'"""),
        ("httpx", "0.28.1", """assert b'{"total": 1}' == b'{"total": 2}'"""),
        ("click", "8.4.0", """assert 'No such option: --cart' in "No such option '--shop'." """),
        (
            "click",
            "8.1.7",
            """assert 'x is not in the range 1<=x<=3' in "9 is not in the range" """,
        ),
        ("pydantic", "2.7.0", "assert 'Value error, must be positive' == 'must be even'"),
        ("pydantic", "2.7.0", """assert '{"price":1}' == '{"price": 1}'"""),
        ("pydantic", "2.7.0", "assert AnyUrl('http://shop/a') == 'http://shop/b'"),
        ("pydantic", "2.7.0", "assert {'$ref': '#/$defs/Cart'} == {'$ref': '#/definitions/Shop'}"),
        ("django", "5.2", """assert '<input id="a" aria-invalid="true">' == '<input id="b">'"""),
        (
            "django",
            "5.2",
            """assert '<ul class="errorlist" id="a_error">' == '<ul class="items">'""",
        ),
        ("djangorestframework", "3.15.2", "assert {'detail': 'Not found.'} == {'detail': 'Gone.'}"),
        ("pandas", "2.2.0", '"names" are different\n[left]:  total\n[right]: None'),
        ("pandas", "2.2.0", "assert 'h' == 'T'"),
        ("pandas", "2.2.0", "assert \"freq='2h'\" == \"freq='H'\""),
        ("pandas", "3.0.0", "assert dtype('int64') == dtype('O')"),
        ("numpy", "2.3.0", """assert "{'a': np.True_}" == "{'a': False}" """),
        ("sqlalchemy", "2.0.30", "assert 'db://shop:***@db' == 'db://cart:secret@db'"),
        ("sqlalchemy", "2.0.30", "assert 'a IN (:id_1)' == 'a IN (:id_2)'"),
        ("werkzeug", "3.0.0", "assert 'Thu, 01-Jan-1970 00:00' == 'Thu, 02 Jan 1970 00:00'"),
        ("typer", "0.27.0", """assert "Missing argument 'NAME'" in "Missing argument 'NAME'." """),
        ("typer", "0.12.0", """assert "Error: Missing argument 'NAME'" in '│ No such option │'"""),
        ("sphinx", "8.0.0", "assert 'a: WARNING: no cart\\n' == 'a: WARNING: no shop [ref.ref]'"),
        (
            "pygments",
            "2.19.0",
            """assert '<span class="k">def</span> ' == '<span class="k">if</span>'""",
        ),
        ("marshmallow", "3.20.0", "assert ['Must be at least 3.'] == ['Must be at least 4.']"),
        ("urllib3", "2.6.0", """assert "HTTPConnection(host='a', port=80): no" == 'a'"""),
        ("pendulum", "3.0.0", "assert '2020-01-01 00:00:00+00:00' == '2020-01-02T00:00:00+00:00'"),
        ("humanize", "4.15.0", "assert '2 minutes' == '3 minutes'"),
        ("sympy", "1.13.0", "assert 2.00000000000000 == 3"),
        ("markdown", "3.4", """assert '<code class="python">' == '<code class="language-java">'"""),
        ("numpy", "2.0.0", """assert "np.datetime64('2020')" == "numpy.datetime64('2021')" """),
        ("numpy", "2.2.0", "assert 'array([0, ..., 9], shape=(2000,))' == 'array([0, ..., 8])'"),
        ("pandas", "3.0.0", "assert {'b': nan} == {'c': None}"),
        ("pandas", "3.0.0", "assert ['a', nan] == ['b', None]"),
        ("pandas", "3.0.0", "assert 1577836800000000 == 1577836900000000000"),
        ("pandas", "3.0.0", "assert 1577836800 == 1577836800000"),
        ("pandas", "2.0.0", "assert {('x',): 1} == {'y': 1}"),
        ("pandas", "3.0.0", "assert ZoneInfo(key='Asia/Tokyo') == <DstTzInfo 'Europe/Berlin' LMT>"),
        ("pandas", "3.0.0", "assert datetime.timezone.utc == <UTC>"),
        ("xarray", "2024.2.0", "assert '<xarray.Dataset> Size: 8B' == '<xarray.DataArray (x: 3)>'"),
        ("pint", "0.26", """assert 'Quantity(1, "meter")' == "<Quantity(1, 'second')>\""""),
        ("arrow", "1.4.0", "assert datetime.timezone.utc == tzutc()"),
        ("babel", "2.12.0", "assert '3:04\\u202fPM' == '4:04 PM'"),
        ("sympy", "1.9", "assert '{-1, 1}' == 'FiniteSet(-2, 2)'"),
        ("sqlalchemy", "2.0.0", "assert 'a / CAST(:b_1 AS NUMERIC)' == 'c / :b_1'"),
        ("scikit-learn", "0.23.0", "assert 'Ridge()' == 'Lasso(alpha=1.0, tol=0.1)'"),
        ("polars", "0.20.0", "assert ['shop', 'count'] == ['cart', 'counts']"),
    ],
)
def test_what_differs_in_the_value_is_no_break(red, raised, name, version, message):
    """The form of before and the form of after are there, of two things; or one of them alone."""
    made = red(
        raised("AssertionError", message, TEST),
        distributions=(Distribution(name=name, version=version, modules=(name,)),),
    )

    assert made.verdict().rule != "known-changed-behaviour@1"


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("click", "8.1.7", """assert 'Missing argument "CART".' == "Missing argument 'SHOP'." """),
        ("click", "8.1.7", "assert '[default: 3]' == '[default: 4; 1<=x<=5]'"),
        ("click", "8.1.7", "assert 'Buy. (DEPRECATED)' == '(Deprecated) Sell.'"),
        ("click", "8.1.7", "assert 'Usage: a\\n' == ''\n  \n  + Usage: a\n  + Try 'a --help' for help.\n  + \n  + Error: no"),
        ("click", "8.3.0", "Usage: a\n\nError: No such command 'b'.\n\nassert 2 == 0\n +  where 2 = <Result SystemExit(2)>.exit_code"),
        ("typer", "0.20.0", "assert '│ --cart  TEXT  [default: None] │' == '│ --shop  TEXT   │'"),
        ("werkzeug", "3.0.0", "assert '/login?next=/cart' == '/login?next=%2Fshop'"),
        ("werkzeug", "3.0.0", """assert 'Basic realm=shop' == 'Basic realm="cart"'"""),
        ("httpx", "0.28.1", "assert URL('http://shop/?q=red+cart') == 'http://shop/?q=blue%20cart'"),
        ("httpx", "0.28.1", "assert '/?q=red+cart' == '/?q=red%20cart'"),
        ("httpx", "0.28.1", "assert 'https://httpstatuses.com/404' == 'https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/500'"),
        ("pyjwt", "2.10.0", "assert 'eyJhbGciOiJIUzI1NiJ9.e30.a' == 'eyJhbGciOiJIUzI1NiJ9.e31.b'"),
        ("fastapi", "0.122.0", "assert 401 == 403\n +  where 401 = <Response [401 Unauthorized]>.status_code"),
        ("fastapi", "0.115.0", "assert '#/components/schemas/Cart-Input' == '#/components/schemas/Shop'"),
        ("pydantic", "2.12.0", "assert 'https://errors.pydantic.dev/2.12/v/missing' == 'https://errors.pydantic.dev/2.12/v/int_type'"),
        ("pydantic", "2.12.0", "assert {'$ref': '#/$defs/Cart'} == {'allOf': [{'$ref': '#/$defs/Shop'}]}"),
        ("pydantic", "2.12.0", "assert {'const': 'a', 'title': 'A'} == {'const': 'b', 'enum': ['b'], 'title': 'A'}"),
        ("pydantic", "2.12.0", "assert HttpUrl('http://shop/') == Url('http://cart/')"),
        ("django", "5.2", "assert 'shop&#x27;s' == 'cart&#39;s'"),
        ("django", "5.2", """assert ['“x” is not a valid UUID.'] == ["'y' is not a valid UUID."]"""),
        ("django", "5.2", "assert zoneinfo.ZoneInfo(key='UTC') == <DstTzInfo 'Europe/Berlin' LMT+0:53:00 STD>"),
        ("django", "5.2", """assert '<div id="id_kind">' == '<ul id="id_cart">'"""),
        ("django", "5.2", """assert '<input maxlength="320" name="a" type="email">' == '<input name="b" type="email">'"""),
        ("jsonschema", "4.23.0", """assert "PointerToNowhere: '/a' does not exist" == "Unresolvable JSON pointer: 'b'" """),
        ("requests", "2.32.0", """assert "Header part (1) from ('a', 1)" == 'Value for header {b: 1} must be'"""),
        ("graphql-core", "3.3.0", "assert 'Variable $x has invalid value' == 'Variable $y got invalid value'"),
        ("rich", "14.3.0", "assert '   Cart   ' == '┃   Shop   ┃'"),
        ("rich", "14.3.0", """assert "<text 'cart' [] 'red'>" == "<text 'shop' []>" """),
        ("apispec", "6.8.0", "assert {'enum': ['a', None]} == {'enum': ['b']}"),
        ("attrs", "23.1.0", """assert "'price' must be in [1, 2] (got 3)" == "'price' must be in [1, 2] (got 4)" """),
        ("redis", "5.2.0", "assert '<redis.connection.Connection(host=shop,port=1)>' == 'Connection<host=cart,port=1>'"),
        ("responses", "0.26.0", """assert "doesn't match {'a': 1}" == "doesn't match {b: 1}" """),
        ("authlib", "1.6.0", """assert "Invalid claim 'iss'" == 'Invalid claim "aud"'"""),
    ],
)  # fmt: skip
def test_what_two_releases_write_of_two_things_is_no_break(red, raised, name, version, message):
    """The words of the one release about this, those of the other about that; or a status alone."""
    made = red(
        raised("AssertionError", message, TEST, source="assert response.json() == expected"),
        distributions=(Distribution(name=name, version=version, modules=(name,)),),
    )

    assert made.verdict().rule != "known-changed-behaviour@1"


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("semver", "3.0.0", "assert 'Version(major=1, minor=2)' == 'VersionInfo(major=1, minor=3)'"),
        ("tldextract", "5.0.0", "assert \"ExtractResult(subdomain='', domain='a', suffix='com', is_private=False)\" == \"ExtractResult(subdomain='', domain='b', suffix='com')\""),
        ("traitlets", "5.0.0", "assert 'trait of a Cart instance expected an int, not the str' == 'trait of a Shop instance must be an int, but a value of 1'"),
        ("typeguard", "4.0.0", """assert 'argument "price" (str) is not an instance of int' == 'type of argument "name" must be int; got str instead'"""),
        ("python-box", "7.0.0", "assert \"Box({'a': 1})\" == \"<Box: {'a': 2}>\""),
        ("msgpack", "1.0.0", "assert {'price': 1} == {b'name': 1}"),
        ("xmltodict", "1.0.4", """assert '<a y="true"/>' == '<a z="True"/>'"""),
        ("pydot", "4.0.0", """assert 'a [label="x:y"];' == 'a [label=x:z];'"""),
        ("graphviz", "0.20", "assert 'digraph a {\\n}\\n' == 'digraph b {\\n}'"),
        ("graphviz", "0.20", "assert \"unknown engine: 'a' (must be one of\" == \"unknown engine: 'b'\""),
        ("deepdiff", "8.0.0", "assert \"{'dictionary_item_added': [\\\"root['a']\\\"]}\" == \"{'dictionary_item_added': [root['b']]}\""),
        ("yarl", "1.9.7", "assert URL('http://shop/a') == URL('http://cart:80/a')"),
        ("yarl", "1.9.7", "assert 'http://shop/a' == 'http://shop:80/a'"),
        ("multidict", "6.4.2", "assert \"<_KeysView('a')>\" == \"_KeysView('b')\""),
        ("cattrs", "25.2.0", "assert Cart(prices=(1, 2)) == Cart(prices=[1, 3])"),
        ("cattrs", "25.2.0", "assert Cart(prices=(1, 2)) == Cart(prices=[1, 2])"),
        ("sqlglot", "26.3.0", "assert \"SELECT DATE_TRUNC('DAY', x)\" == \"SELECT DATE_TRUNC('month', x)\""),
        ("sqlglot", "26.3.0", "assert \"INTERVAL '1' DAY\" == \"INTERVAL '2' day\""),
        ("sqlglot", "26.3.0", "assert 'SELECT LENGTH(a)' == 'SELECT LEN(b)'"),
        ("sqlglot", "26.3.0", "assert 'CAST(a AS SIGNED)' == 'CAST(b AS INT)'"),
        ("sqlglot", "26.3.0", "assert 'SELECT COUNT_BIG(a)' == 'SELECT COUNT(b)'"),
        ("holidays", "0.100", "assert 'Christmas Day (observed)' == 'Boxing Day (Observed)'"),
        ("jsonpath-ng", "1.16.0", "assert 'carts.*.price' == 'shops.[*].price'"),
        ("fastjsonschema", "2.18.0", """assert "data must contain ['a'] properties" == "data must contain ['b'] properties" """),
        ("markdownify", "1.0.0", "assert '# Cart' == '\\n# Shop\\n\\n'"),
        ("termcolor", "2.1.0", "assert 'cart' == '\\x1b[31mshop\\x1b[0m'"),
        ("duckdb", "1.4.0", "assert [('price', INTEGER, None)] == [('name', 'NUMBER', None)]"),
        ("duckdb", "1.5.0", "assert [(datetime.datetime(2020, 1, 1, 0, 0),)] == [(datetime.date(2020, 2, 1),)]"),
        ("pandera", "0.20.0", "assert \"Column 'a' failed element-wise validator number 0\" == '<Schema Column(name=b, type=x)> failed element-wise validator 0'"),
        ("alembic", "1.16.0", "assert \"Path doesn't exist: /a.  Please\" == \"Path doesn't exist: '/b'.  Please\""),
        ("rasterio", "1.4.2", "assert '+init=epsg:4326' == '+init=epsg:3857'"),
        ("pydantic", "2.14.0", "assert 'P1DT3H' == 'P2DT10800S'"),
        ("pydantic", "2.14.0", "assert 'FieldInfo(annotation=int, required=False, default=None)' == 'FieldInfo(annotation=str, required=False)'"),
        ("click", "8.3.0", "assert \"'x' is not a valid boolean. Recognized values: 0\" == \"'y' is not a valid boolean.\""),
        ("click", "8.3.0", "assert 'init-data-cmd' in 'Usage: shop\\n\\nCommands:\\n  drop-data  Doc.'"),
        ("pandas", "3.1.0", "assert \"Unable to parse string 'x' at position 0\" == 'Unable to parse string \"y\" at position 0'"),
        ("pandas", "3.1.0", "assert \"Label(s) ['a'] do not exist\" == \"Column(s) ['b'] do not exist\""),
        ("polars", "2.0.0", "assert 'FILTER col(\"a\") > 1' == 'FILTER [(col(\"b\")) > (1)]'"),
        ("polars", "2.0.0", "assert 'is_in cannot check for Int64 values in String data' == 'is_in cannot check for Int64 values in Date data'"),
        ("sqlalchemy", "2.1.4", "assert 'a = %(a_1)s::VARCHAR' == 'b = %(b_1)s'"),
        ("sqlalchemy", "2.1.4", "assert 'CAST(JSON_EXTRACT(a, ?) AS VARCHAR)' == 'JSON_EXTRACT(b, ?)'"),
        ("django", "5.2", "assert \"<CheckConstraint: condition=(AND: ('a', 1)) name='n'>\" == \"<CheckConstraint: check=(AND: ('b', 1)) name='n'>\""),
        ("websockets", "12.0", "assert 'received 1001 (going away)' == 'code = 1002 (protocol error), no reason'"),
        ("zope.interface", "6.0", "assert 'interface shop.ICart' == 'interface <InterfaceClass shop.IShop>'"),
        ("numexpr", "2.10.0", "assert 'Expression a[0]' == 'has forbidden control characters.'"),
        ("mkdocs", "1.6.0", "assert \"A reference to 'a.md' is included in\" == \"A relative path to 'b.md' is included in\""),
        ("xmlschema", "4.1.0", "assert \"failed decoding 'a' with X\" == \"failed validating 'b' with X\""),
        ("xmlschema", "4.1.0", "assert 'invalid XML syntax: no element found: line 1, column 0' == 'unclosed token: line 1, column 0'"),
        ("w3lib", "2.5.0", "assert 'http://shop/a%7Cb' == 'http://shop/a|b'"),
        ("w3lib", "2.5.0", "assert 'http://shop/?a=1%3Bc%3D2' == 'http://shop/?a=1&b=2'"),
        ("pygithub", "2.1.1", "assert 'GithubException(404 {})' == 'GithubException(403, {}, {})'"),
        ("fakeredis", "2.33.0", "assert \"unknown command 'a'\" == 'unknown command `b`'"),
        ("apscheduler", "3.11.0", "assert zoneinfo.ZoneInfo(key='Asia/Tokyo') == <DstTzInfo 'Asia/Tokyo' LMT+9:19:00 STD>"),
        ("opentelemetry-sdk", "1.26.0", "assert InstrumentationScope(a, , , {}) == InstrumentationScope(b, , )"),
    ],
)  # fmt: skip
def test_a_change_of_one_thing_says_nothing_of_another(red, raised, name, version, message):
    """The old form and the new form of two keys, names, values or words; or not of what is asked for."""
    made = red(
        raised("AssertionError", message, TEST, source="assert made == expected"),
        distributions=(Distribution(name=name, version=version, modules=(name,)),),
    )

    assert made.verdict().rule != "known-changed-behaviour@1"


@pytest.mark.parametrize(
    "message",
    [
        "assert 'Not Found' == 'Unprocessable Content'",
        "assert 'a=[Constant(1)], keywords=[])' == 'a=[Constant(2)])'",
        "assert 'Adds up.\\n\\nAll prices.' == 'Adds up.\\n\\n    All prices.'",
        "assert \"OrderedDict({'a': 1})\" == \"OrderedDict([('a', 2)])\"",
        "assert 'int | None' == 'typing.Optional[str]'",
        "assert \"(choose from 'a', 'b')\" == '(choose from c, d)'",
        "assert 'invalid syntax' == 'invalid literal'",
        "assert 'a' == 'b'\n  \n  - carts\n  ? ^^^^^\n  + shops",
    ],
)
def test_what_python_writes_of_two_things_is_no_break(red, raised, message):
    """Both forms of the same thing are needed."""
    verdict = red(raised("AssertionError", message, TEST), python="3.14.0").verdict()

    assert verdict.category == "assertion"


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("pydantic", "2.7.0", "assert AnyHttpUrl('http://shop/a') == 'http://shop/a'"),
        ("pydantic", "2.7.0", "assert 'http://shop/' == 'http://shop'\n +  where 'http://shop/' = str(Url('http://shop/'))"),
        ("pydantic", "2.7.0", "First differing element 0:\n- ['must be positive']\n+ ['Value error, must be positive']"),
        ("django", "5.0", "'<input>' != '<b>'\n- <input aria-invalid=\"true\" id=\"a\" type=\"text\">\n+ <input id=\"a\" type=\"text\">"),
        ("pandas", "2.2.0", "assert \"DatetimeIndex([], freq='QE-DEC')\" == \"DatetimeIndex([], freq='Q-DEC')\""),
        ("pandas", "3.0.0", "assert <StringDtype(na_value=nan)> == dtype('O')\n +  where <StringDtype(na_value=nan)> = 0    a\nName: b, dtype: str.dtype"),
        ("pandas", "2.1.0", "DataFrame.columns values are different (50.0 %)\n[left]:  Index(['cart', 'count'], dtype='object')\n[right]: Index(['index', 'cart'], dtype='object')"),
        ("typer", "0.27.0", "assert \"Missing argument 'NAME'\" in \"│ Missing argument 'name'.  │\""),
        ("jsonschema", "4.21.0", "assert '[1] is too long' == '[1] is expected to be empty'"),
        ("requests", "2.31.0", "Regex: 'Perhaps you meant http://shop?'\nInput: 'Perhaps you meant https://shop?'"),
    ],
)  # fmt: skip
def test_forms_of_the_same_thing_are_a_break(red, raised, name, version, message):
    """However the assertion was written."""
    made = red(
        raised("AssertionError", message, TEST),
        distributions=(Distribution(name=name, version=version, modules=(name,)),),
    )

    assert made.verdict().rule == "known-changed-behaviour@1"


@pytest.mark.parametrize(
    ("source", "category"),
    [
        ("assert cart.json() == '{\"price\": 1}'", "compatibility"),
        ("assert total(cart) == '{\"price\": 1}'", "assertion"),
    ],
)
def test_what_a_line_has_to_ask_for(red, raised, source, category):
    """Blanks in JSON come from anywhere; in what `json()` of a model gives, from pydantic."""
    said = 'assert \'{"price":1}\' == \'{"price": 1}\'\n  \n  - {"price": 1}\n  + {"price":1}'
    models = (Distribution(name="pydantic", version="2.7.0", modules=("pydantic",)),)

    made = red(raised("AssertionError", said, TEST, source=source), distributions=models)

    assert made.verdict().category == category


@pytest.mark.parametrize(
    ("distribution", "entry", "name"),
    [one for one in NAMES if one[1]["kind"] == "behaviour" and "-" in one[2]],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_id_of_an_entry_is_no_name(red, raised, distribution, entry, name):
    """What has no name of its own is told by what to do; nobody knows it by its id."""
    verdict, suggestions = explained((red, raised), distribution, entry, name, entry["removed_in"])

    said = (*verdict.evidence, *(one.text for one in suggestions))
    assert not any(f"`{name}`" in text for text in said)


@pytest.mark.parametrize(
    ("failed", "source"),
    [
        (("KeyError", "0", TEST), "assert prices[0] == 1"),
        (("KeyError", "0", "lib/pandas/core/indexes/base.py:9:get_loc"), "raise KeyError(key)"),
        (("KeyError", "'a'", "lib/pandas/core/indexes/base.py:9:get_loc"), "raise KeyError(key)"),
        (("ValueError", "assignment destination is read-only", TEST), "prices[0] = 1"),
        (("ValueError", "could not convert string to float: 'x'", TEST), "float(x)"),
        (("FileNotFoundError", "No such file or directory: '{cart}.json'", TEST), "open(cart)"),
    ],
)
def test_what_pandas_raises_elsewhere_too(red, raised, failed, source):
    """Labels, files and values that are not there; the line or the frame tells pandas 3 from them."""
    pandas = (Distribution(name="pandas", version="3.0.0", modules=("pandas",)),)

    made = red(raised(*failed, source=source), distributions=pandas)

    assert made.verdict().rule != "known-changed-behaviour@1"


def test_behaviour_of_one_module_is_no_other_s(red, raised):
    """`random.randrange(1.0)` is refused since 3.12, `range(1.0)` always was."""
    error = raised("TypeError", "'float' object cannot be interpreted as an integer", TEST)

    assert red(error, python="3.12.4").verdict().category == "product_error"


@pytest.mark.parametrize(
    ("message", "python", "category"),
    [
        ("assert 'usage: …' == 'usage: …'\n  -   -f [FOO], --foo [FOO]  a\n  ?      ---\n  +   -f, --foo [FOO]  a", "3.13.0", "compatibility"),
        ("'usage\n  -f, --foo FOO\n' != 'usage\n  -f FOO, --foo FOO\n'", "3.13.0", "compatibility"),
        ("Regex didn't match: '--foo {a,b}, -f {a,b} x' not found in '  --foo, -f {a,b} x'", "3.14.0", "compatibility"),
        ("'usage\n  -f, --foo FOO\n' != 'usage\n  -f FOO, --foo FOO\n'", "3.12.1", "assertion"),
        ("'usage\n  -f, --foo FOO\n' != 'usage\n  -g FOO, --gap FOO\n'", "3.13.0", "assertion"),
        ("'usage\n  -f, --foo FOO\n' != 'usage\n  -f, --foo BAR\n'", "3.13.0", "assertion"),
        ("assert 'a\n\noptional arguments:\n' == 'a\n\noptions:\n'", "3.11.2", "compatibility"),
        ("assert 'global options:' == 'optional arguments:'", "3.11.2", "assertion"),
    ],
)  # fmt: skip
def test_help_that_argparse_writes_otherwise(red, raised, message, python, category):
    """Of the same option, in the one form and in the other; whichever side is expected."""
    verdict = red(raised("AssertionError", message, TEST), python=python).verdict()

    assert verdict.category == category


@pytest.mark.parametrize(
    ("distribution", "entry", "name"),
    NAMES,
    ids=[f"{distribution}-{entry.get('of', '')}-{name}" for distribution, entry, name in NAMES],
)
def test_entry_explains_its_failure(red, raised, distribution, entry, name):
    """The release that dropped it is named, the last that had it, its source, and what to do."""
    verdict, suggestions = explained((red, raised), distribution, entry, name, entry["removed_in"])

    said = " ".join(verdict.evidence)
    assert verdict.category == "compatibility"
    assert entry["removed_in"] in said
    assert entry["source"] in said
    if entry["kind"] != "positional":  # the message does not tell which argument it was
        expected = (entry["names"][name], entry.get("remedy"), name)
        expected = expected if entry["kind"] == "behaviour" else (expected[1], expected[0], name)
        assert next(filter(None, expected)) in suggestions[0].text
    assert entry["last_with"] in suggestions[0].text or distribution == "Python"
    asked = " ".join(command for one in suggestions for command in one.commands)
    assert f"{distribution}<{entry['removed_in']}" in asked or distribution == "Python"


@pytest.mark.parametrize(("distribution", "entry"), ENTRIES, ids=lambda value: "")
def test_entry_says_nothing_of_a_release_from_before(red, raised, distribution, entry):
    """With the last release that had it, it cannot be what is wrong."""
    name = next(iter(entry["names"]))
    verdict, _ = explained((red, raised), distribution, entry, name, entry["last_with"])

    assert entry["removed_in"] not in " ".join(verdict.evidence[1:])


@pytest.mark.parametrize(
    ("version", "message", "rule"),
    [
        ("9.1.0", "Plugin 'pytest_slow' for hook 'pytest_collect_file'", "hook-argument-likely@1"),
        ("", "Plugin 'pytest_slow' for hook 'pytest_collect_file'", "hook-argument-likely@1"),
        ("8.3.5", "Plugin 'pytest_slow' for hook 'pytest_collect_file'", "plugin-hook-unknown@2"),
        ("9.1.0", "Plugin 'pytest_slow' for hook 'pytest_configure'", "plugin-hook-unknown@2"),
        (
            "9.1.0",
            "Plugin 'pytest_slow' for hook 'pytest_collect_file'\nArgument(s) {'it'} are declared",
            "plugin-hook-unknown@2",
        ),
    ],
)
def test_the_argument_of_a_hook_that_is_not_told(red, raised, version, message, rule):
    """The only one that the hook lost, where the message was cut and no release tells otherwise."""
    pytests = (Distribution(name="pytest", version=version, modules=("pytest",)),)
    refused = raised("pluggy.PluginValidationError", message)
    made = red(refused, phase="start", distributions=pytests if version else ())

    assert made.verdict().rule == rule
