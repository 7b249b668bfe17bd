"""What a name that was not found may have meant, as the record keeps it."""

from __future__ import annotations

import json
import sys
import types

import pytest

from conftest_kit.failures import Extraction
from conftest_kit.places import Places


class Basket:
    """Its attributes are asked for."""

    def __init__(self):
        self.price = 3

    @property
    def total(self):
        """Never asked."""
        raise AssertionError("nobody's code is run")


class Answering:
    """Says itself what it has not."""

    total = 3

    def __getattr__(self, name):
        raise AttributeError(f"no {name}", name=name, obj=self)


class Proxy:
    """Says that it is a class."""

    __class__ = property(lambda _: type)
    total = 3


def imported(text):
    """What raises where this is executed."""
    return lambda: exec(text, {})


def unbound():
    """Its name is right: it has no value yet."""
    basket += 1  # noqa: F821, F841


@pytest.mark.parametrize(
    ("action", "nearest"),
    [
        (lambda: json.laods, "loads"),
        (imported("from json import laods"), "loads"),
        (imported("import json.decodr"), "decoder"),
        (imported("import json.zzyzx"), None),
        (imported("import zzyzx"), None),
        (lambda: json._default_decodr, "_default_decoder"),
        (lambda: json.default_decoder, None),
        (lambda: Basket.totla, "total"),
        (lambda: Basket().totla, "total"),
        (lambda: Answering().totla, "total"),
        (lambda: Proxy().totla, "total"),
        (lambda: None.totla, None),
        (lambda: "".startwith, "startswith"),
        (lambda: json.zzyzx, None),
        (lambda: {}["totla"], None),
        (lambda: Bakset, "Basket"),  # noqa: F821
        (lambda: lenn, "len"),  # noqa: F821
        (lambda: zzyzx, None),  # noqa: F821
        (unbound, None),
    ],
)
def test_the_nearest_name_that_is_there(action, nearest):
    """Of what modules and classes hold; private names are near to private ones alone."""
    with pytest.raises(Exception, match=r".") as raised:
        action()
    (link,) = Extraction(Places("/nowhere")).chain(raised.value)

    assert link.attributes.get("nearest") == nearest


def test_a_module_may_hold_anything(monkeypatch):
    """What is no name is passed over, and what stands for a module may be none."""
    odd = types.ModuleType("odd")
    odd.__dict__[7] = "seven"
    monkeypatch.setitem(sys.modules, "odd", odd)
    monkeypatch.setitem(sys.modules, "mocked", Answering())

    for text in ("from odd import prices", "from mocked import totla"):
        with pytest.raises(ImportError) as raised:
            imported(text)()
        (link, *_) = Extraction(Places("/nowhere")).chain(raised.value)
        assert link.type == "ImportError"
