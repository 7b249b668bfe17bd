"""What a project may set of its model, and what is said of everything else."""

from __future__ import annotations

import os

import pytest

from conftest_kit.settings import SettingsError
from conftest_kit.settings import load_what_is_right as load_of_the_kit
from orchestrator.reader import model_settings
from orchestrator.reader.model_settings import KEY_VARIABLE, load

HERE = {"CONFTEST_KIT_MODEL_ENDPOINT": "http://127.0.0.1:1/v1", "CONFTEST_KIT_MODEL_NAME": "llama"}
TABLE = 'endpoint = "http://127.0.0.1:1/v1"\nname = "llama"\n'


@pytest.fixture
def written(tmp_path):
    """`written(lines)` is a project with these lines in its table."""

    def write(lines=TABLE):
        (tmp_path / "pyproject.toml").write_text(f"[tool.conftest_kit.model]\n{lines}\n")
        return tmp_path

    return write


def test_there_is_no_model_unless_one_is_configured(tmp_path):
    """Off is how it comes."""
    assert load(tmp_path, os.environ) is None


def test_the_file_and_the_environment_configure_one(written, tmp_path):
    """The environment wins, and limits have defaults."""
    of_file = load(written(f"{TABLE}confidence = 0.3"), {})
    of_both = load(tmp_path, {"CONFTEST_KIT_MODEL_CONFIDENCE": "0.9"})
    of_environment = load(tmp_path / "elsewhere", HERE)

    assert (of_file.name, of_file.confidence, of_file.key) == ("llama", 0.3, None)
    assert of_both.confidence == 0.9
    assert of_environment == load(written(), {})
    assert of_environment.review_requests == 10


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://api.example.org/v1/", "https://api.example.org/v1"),
        ("https://api.example.org/v1/chat/completions", "https://api.example.org/v1"),
        (" http://[::1]:8000 ", "http://[::1]:8000"),
    ],
)
def test_an_endpoint_is_the_base_of_the_api(tmp_path, given, expected):
    """However its documentation writes it."""
    found = load(tmp_path, {**HERE, "CONFTEST_KIT_MODEL_ENDPOINT": given})

    assert found.endpoint == expected


def test_the_key_comes_from_a_variable_and_is_never_shown(written):
    """Of the usual name, or the one that the file gives."""
    usual = load(written(), {KEY_VARIABLE: " sk-usual "})
    other = load(
        written(f'{TABLE}key_variable = "OTHER"'), {"OTHER": "sk-other", KEY_VARIABLE: "no"}
    )

    assert (usual.key, other.key) == ("sk-usual", "sk-other")
    assert "sk-" not in repr(usual) + repr(other)


@pytest.mark.parametrize("key", ["sk-1\nsk-2", "schlüssel", "sk\x00"])
def test_a_key_that_no_header_can_hold_is_refused(written, key):
    """Unseen: the client's own message would show it."""
    with pytest.raises(SettingsError, match=f"^{KEY_VARIABLE}: the key in it is not") as refused:
        load(written(TABLE), {KEY_VARIABLE: key})

    assert key not in str(refused.value)


@pytest.mark.parametrize("key", ["key", "api_key", "api-key", "API_KEY", "token", "password"])
def test_a_key_in_the_file_is_refused(written, key):
    """With what to do instead, and without the key."""
    with pytest.raises(SettingsError) as refused:
        load(written(f'{TABLE}{key} = "sk-secret"'), {})

    assert f"'{key}' is not allowed: files are shared" in str(refused.value)
    assert KEY_VARIABLE in str(refused.value)
    assert "sk-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('name = "llama"', "'endpoint' is not set"),
        ('endpoint = "http://a/v1"', "'name' is not set"),
        ('endpoint = "llama"', "endpoint what is there is not allowed; allowed: an address such"),
        ('endpoint = "ftp://a"', "allowed: an address such as https://api.example.org/v1"),
        ('endpoint = "http://a:b/v1"', "allowed: an address"),
        ('endpoint = "http://a/v1?key=sk-secret"', "allowed: an address"),
        ('endpoint = "http://me:sk-secret@a/v1"', "an address without a password"),
        ("name = 3", "name = 3 is not allowed; allowed: a text of one line"),
        ('key_variable = "sk-secret"', "the name of an environment variable, not the key itself"),
        ("confidence = 2", "confidence = 2 is not allowed; allowed: a number from 0 to 1"),
        ("confidence = true", "allowed: a number from 0"),
        ('timeout_seconds = "soon"', "timeout_seconds = 'soon' is not allowed; allowed: a number"),
        ("review_seconds = 0", "review_seconds = 0 is not allowed; allowed: a number above 0"),
        ("day_requests = 1.5", "day_requests = 1.5 is not allowed; allowed: a whole number"),
        ("day_tokens = -1", "day_tokens = -1 is not allowed"),
        ("day_tokens = 1e20", "allowed: a whole number from 0 to 1000000000000"),
        ("review_token = 1", "unknown setting 'review_token'; did you mean 'review_tokens'"),
        ("colour = 1", "unknown setting 'colour'; known: endpoint, name, key_variable"),
    ],
)
def test_whatever_is_wrong_is_named(written, lines, told):
    """Source, key, value and what is allowed; never what may be a secret."""
    with pytest.raises(SettingsError) as refused:
        load(written(lines), {})

    assert "[tool.conftest_kit.model] in " in str(refused.value)
    assert told in str(refused.value)
    assert "sk-secret" not in str(refused.value)


@pytest.mark.parametrize("setting", [one.key for one in model_settings.SETTINGS] + ["key"])
def test_the_kit_passes_all_of_it_over(written, setting):
    """Neither the table nor a variable is a setting of the kit, or a misspelt one."""
    environ = {f"CONFTEST_KIT_MODEL_{setting.upper()}": "1"}
    _, problems = load_of_the_kit(written(f"{setting} = 1"), environ, {})

    assert problems == ()


def test_the_table_of_the_readme_has_every_setting():
    """With its default."""
    rows = model_settings.table().splitlines()[2:]

    assert [row.split("`")[1] for row in rows] == [one.key for one in model_settings.SETTINGS]
    assert "`60000`" in model_settings.table()
