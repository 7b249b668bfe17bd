"""Plugins that a framework counts on, switched off or absent; what is lacking without them."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

TEST = "tests/test_cart.py:9:test_total"
DJANGO = Distribution(name="Django", version="5.2", modules=("django",))
PYTEST_DJANGO = Distribution(
    name="pytest-django",
    version="4.14.0",
    modules=("pytest_django",),
    pytest_plugins={"django": "pytest_django.plugin"},
)
SQLALCHEMY = Distribution(name="SQLAlchemy", version="2.1.9", modules=("sqlalchemy",))
BOTH = (DJANGO, PYTEST_DJANGO)
OFF = {"command": ("pytest", "-p", "no:django")}
NOT_READY = (
    "django.core.exceptions.ImproperlyConfigured",
    (
        "Requested setting DATABASES, but settings are not configured. You must either define the "
        "environment variable DJANGO_SETTINGS_MODULE or call settings.configure()."
    ),
)


@pytest.mark.parametrize(
    ("distributions", "run", "expected"),
    [
        (BOTH, OFF, ("configuration", "django")),
        (BOTH, {}, ("environment", "DJANGO_SETTINGS_MODULE")),
        ((DJANGO,), OFF, ("environment", "DJANGO_SETTINGS_MODULE")),
    ],
    ids=["switched off", "loaded", "absent"],
)
def test_settings_that_nobody_made_ready(red, raised, distributions, run, expected):
    """`-p no:django` is what is wrong where it is given and the plugin is there."""
    link = raised(*NOT_READY, TEST, "lib/django/conf/__init__.py:1:_setup")

    verdict = red(link, distributions=distributions, run=run).verdict()

    assert (verdict.category, verdict.culprit.name) == expected


@pytest.mark.parametrize(
    ("files", "run", "expected"),
    [
        (("manage.py", "blog/__init__.py"), OFF, ("plugin", "django")),
        (("blog/__init__.py",), OFF, ("module", "blog")),
        (("manage.py", "apps/blog/__init__.py"), OFF, ("module", "blog")),
        (("manage.py", "blog/__init__.py"), {}, ("module", "blog")),
    ],
    ids=["beside manage.py", "no manage.py", "elsewhere", "loaded"],
)
def test_a_folder_that_the_plugin_puts_on_the_import_path(red, raised, files, run, expected):
    """It is what holds manage.py."""
    link = raised(
        "ModuleNotFoundError", "No module named 'blog'", TEST, attributes={"name": "blog"}
    )
    project = Project(name="shop", files=files, modules=frozenset({"blog"}))

    verdict = red(link, project=project, distributions=BOTH, run=run).verdict()

    assert (verdict.culprit.type, verdict.culprit.name) == expected


@pytest.mark.parametrize(
    ("distributions", "declared", "place", "expected"),
    [
        ((SQLALCHEMY,), [], "lib/sqlalchemy/x.py:1:run", ("product_error", "posts")),
        (
            (SQLALCHEMY,),
            ["pytest-sqlalchemy"],
            "lib/sqlalchemy/x.py:1:run",
            ("missing_dependency", "pytest-sqlalchemy"),
        ),
        ((DJANGO,), [], "lib/django/db/x.py:1:run", ("missing_dependency", "pytest-django")),
    ],
    ids=["few use it", "asked for", "everybody uses it"],
)
def test_a_table_that_nobody_made(red, raised, distributions, declared, place, expected):  # noqa: PLR0917 - a table
    """A plugin is missed where the project asks for it, or it is the usual one."""
    asked = (Requirement(name=name, text=name, file="pyproject.toml") for name in declared)
    link = raised("sqlite3.OperationalError", "no such table: posts", TEST, place)

    found = red(
        link,
        distributions=distributions,
        project=Project(name="shop", requirements=tuple(asked)),
    )

    assert (found.verdict().category, found.verdict().culprit.name) == expected


def test_a_setting_of_pytest_s_own_names_no_plugin(red, raised):
    """Others read it as well; what raised has a plugin of its own."""
    link = raised("sqlite3.OperationalError", "no such table: a", TEST, "lib/django/db/x.py:1:run")
    project = Project(name="shop", settings={"doctest_optionflags": "ELLIPSIS"})

    verdict = red(link, distributions=(DJANGO,), project=project).verdict()

    assert verdict.culprit.name == "pytest-django"


@pytest.mark.parametrize(
    ("message", "column"),
    [
        ("table blog_post has no column named body", "body"),
        ("no such column: posts.body", "posts.body"),
        ('column "body" of relation "blog_post" does not exist\nLINE 1: INSERT', "body"),
        ("(1054, \"Unknown column 'body' in 'field list'\")", "body"),
    ],
)
def test_a_column_that_the_model_is_ahead_with(red, raised, message, column):
    """A migration is lacking, whichever database says so."""
    link = raised("django.db.utils.OperationalError", message, TEST, "lib/django/db/x.py:1:run")

    found = red(link, distributions=BOTH)

    assert (found.verdict().culprit.type, found.verdict().culprit.name) == ("column", column)
    assert "a migration that adds" in found.suggestions()[0].text


def test_a_class_that_is_referred_to_by_name(red, raised):
    """The first use says so itself; each later one repeats it."""
    said = (
        "When initializing mapper Mapper[Post(posts)], expression 'Usr' failed to locate a name "
        "('Usr'). If this is a class name, consider adding this relationship() after both."
    )
    where = "lib/sqlalchemy/orm/clsregistry.py:549:_raise_for_name"
    kind = "sqlalchemy.exc.InvalidRequestError"
    first = red(raised(kind, said, TEST, where), raised("KeyError", "'Usr'", where))
    later = red(raised(kind, f"One or more mappers failed to initialize. {said}", TEST, where))

    for each in (first.verdict(), later.verdict()):
        assert (each.kind, each.culprit.name) == ("unregistered_class", "Post")


@pytest.mark.parametrize(
    ("settings", "distributions", "expected"),
    [
        ({"DJANGO_SETTINGS_MODULE": "blog.settings"}, (DJANGO,), "pytest-django"),
        ({"DJANGO_SETTINGS_MODULE": "blog.settings"}, BOTH, "DJANGO_SETTINGS_MODULE"),
        ({}, (DJANGO,), "DJANGO_SETTINGS_MODULE"),
    ],
)
def test_settings_that_pytest_has_and_nobody_reads(red, raised, settings, distributions, expected):
    """Then it is who would read them that is not there, and no variable."""
    link = raised(*NOT_READY, TEST, "lib/django/conf/__init__.py:1:_setup")
    project = Project(name="blog", settings=settings, settings_file="pytest.ini")

    verdict = red(link, distributions=distributions, project=project).verdict()

    assert verdict.culprit.name == expected
