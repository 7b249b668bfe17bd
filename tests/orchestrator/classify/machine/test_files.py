"""Files that are not there, as whoever looked for them says."""

from __future__ import annotations

import pytest

from orchestrator.checkout.project import Project

TEST = "tests/test_cart.py:9:test_total"
SHOP = "shop/cart.py:7:load"


@pytest.mark.parametrize(
    ("message", "file"),
    [
        ("cannot find shop/prices.json", "shop/prices.json"),
        ("Default cache file does not exist '/shop/shop/data/tlds.txt'!", "shop/data/tlds.txt"),
        ("Template not found: hidden.pt.", "hidden.pt"),
        ("the list names a file that does not exist: acute.glif", "acute.glif"),
        ("some files were not found: acute.glif", "acute.glif"),
        ("Resource not found: user.name", None),
        ("file does not exist: path.join(a)", None),
        ("The file is fine.", None),
    ],
)
def test_a_message_says_that_a_file_is_not_there(red, raised, message, file):
    """By its path, or by a name that is one of a file."""
    verdict = red(raised("shop.Wrong", message, TEST, SHOP)).verdict()

    assert (verdict.culprit.name if verdict.category == "environment" else None) == file


@pytest.mark.parametrize(
    ("folders", "placed"),
    [
        (("shop/templates/mail",), "shop/templates/mail/sold.txt"),
        (("shop/templates/mail", "tests/overrides/mail"), "shop/templates/mail/sold.txt"),
        (("shop/a/mail", "shop/b/mail"), "mail/sold.txt"),
        (("tests/a/mail", "tests/b/mail"), "mail/sold.txt"),
        ((), "mail/sold.txt"),
    ],
)
def test_where_a_template_belongs(red, raised, folders, placed):
    """In the one folder that ends like its own; of several in the package that asks for it."""
    link = raised("jinja2.exceptions.TemplateNotFound", "mail/sold.txt", "shop/mail.py:7:sold")
    project = Project(name="shop", data={".txt": folders})

    assert red(link, project=project).verdict().culprit.name == placed
