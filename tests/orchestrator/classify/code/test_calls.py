"""Whose function, object or warning an exception speaks of."""

from __future__ import annotations

import pytest
from made_for_rules.surroundings import LIBRARY, NUMPY, TEST, WEBFRAME


@pytest.mark.parametrize(
    ("message", "culprit"),
    [
        ("Conversion of an array is deprecated. (Deprecated NumPy 1.25.)", "numpy"),
        ("The `tax` argument was deprecated in numpy v2.0", "numpy"),
        ("get() was deprecated in Pages 3.1", "webframe"),
        ("get() is deprecated", "webframe"),
    ],
)
def test_who_deprecates(red, raised, message, culprit):
    """The words name it, where it is installed; else it is who warns."""
    warned = raised("DeprecationWarning", message, TEST, LIBRARY)

    assert red(warned, distributions=(NUMPY, WEBFRAME)).verdict().culprit.name == culprit
