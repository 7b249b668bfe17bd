from __future__ import annotations

import base64
import json
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest_kit.masking import Mask, secret_values

KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PRIVATE_KEY = """\
-----BEGIN KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASC
AgEAAoIBAQC7VJTUt9Us8cKB
-----END KEY-----"""

# Printable ASCII in front, so that a secret is never one of the values that hide nothing.
secrets = st.text(st.characters(codec="utf-8"), min_size=4, max_size=80).map(
    lambda text: "q7!" + text
)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("GITHUB_TOKEN", "ghp_abcdef123456", None),
        ("my_secret", "hunter2!", None),
        ("DB_PASSWORD", "  padded pass  ", "padded pass"),
        ("MYSQL_PWD", "hunter2!", None),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", None),
        ("AWS_SECRET_ACCESS_KEY", "/" + KEY, None),
        ("SSH_PRIVATE_KEY", PRIVATE_KEY, None),
        ("PROXY_AUTHORIZATION", "Basic dXNlcg==", None),
        ("BASIC_AUTH", "user:hunter2", None),
        ("SLACK_WEBHOOK", "https://hooks.slack.com/services/T0/B0/abcdefghijklmnopqrstuvwx", None),
        ("DATABASE_URL", "postgresql://me:hunter2!@db/x", "hunter2!"),
        ("DATABASE_URL", "postgresql://me:hunter%402@db/x", "hunter@2"),
        ("CACHE", "redis://:hunt/er2@db/0", "hunt/er2"),
        ("SENTRY_DSN", "https://0123abcdef@sentry.example/1", "0123abcdef"),
    ],
)
def test_what_is_a_secret(name: str, value: str, secret: str | None):
    """The variable's name says so, or a password's place in a URL."""
    assert secret_values({name: value}).get(secret or value) == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOME", "/home/somebody"),
        ("GIT_AUTHOR_NAME", "Ada Lovelace"),
        ("TOKENIZERS_PARALLELISM", "parallel"),
        ("PWD", "/srv/project-folder"),
        ("MONKEY", "gibbon"),
        ("USE_AUTH", "true"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-XXXX/agent.12"),
        ("SECRET_FILE", "./config/secrets.yaml"),
        ("KEY_FILE", r"C:\keys\server"),
        ("AUTH_URL", "https://auth.example.com:8443/login"),
        ("PASSWORD_LENGTH", "123456"),
        ("POSTGRES_PASSWORD", "postgres"),
        ("SECRET_HOST", "LocalHost"),
        ("DATABASE_URL", "postgresql://db/x"),
        ("API_KEY", ""),
    ],
)
def test_what_is_none(name: str, value: str):
    """Values that hide nothing are left alone; masking them would hide evidence."""
    assert secret_values({name: value}) == {}


@pytest.mark.parametrize(
    "shown",
    [
        "{0}",
        "Authorization: Bearer {0}\n",
        "'{0}{0}'",
    ],
)
def test_the_marker_names_the_variable(shown: str):
    """A reader learns what stood there."""
    masked = Mask.of({"API_KEY": KEY})(shown.format(KEY))

    assert masked == shown.format("[masked:API_KEY]")


@given(secret=secrets, before=st.text(max_size=20), after=st.text(max_size=20))
@example(secret="a\\b'c\"d\ne", before="", after="")
@example(secret="x" * 60, before="x" * 10, after="x" * 70)
def test_no_secret_survives(secret: str, before: str, after: str):
    """However usual output spells it."""
    mask = Mask.of({"THE_SECRET": secret})
    forms = [
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(secret.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
    ]

    for form in forms:
        masked = mask(f"{before}{form}{after}")
        assert "[masked:THE_SECRET]" in masked
        assert form not in masked.replace("[masked:THE_SECRET]", "")[len(before) :] or form in after


@given(user=st.text(st.characters(codec="ascii"), max_size=9), password=secrets)
def test_no_secret_survives_in_basic_authentication(user: str, password: str):
    """Base64 of `user:password` holds the password at one of three offsets."""
    header = base64.b64encode(f"{user}:{password}".encode()).decode()
    masked = Mask.of({"PASSWORD": password})(f"Authorization: Basic {header}")

    assert "[masked:PASSWORD]" in masked


@given(
    secret=st.text("ab" + string.digits, min_size=60, max_size=400).map(lambda text: "q7" + text),
    data=st.data(),
)
def test_no_end_survives_where_the_middle_was_cut(secret: str, data: st.DataObject):
    """Where pytest shortened a text, what is left of a long secret is masked completely."""
    head = data.draw(st.integers(24, len(secret) - 1))
    tail = data.draw(st.integers(24, len(secret) - 1))
    mask = Mask.of({"TOKEN": secret})

    assert mask(f"'{secret[:head]}...{secret[-tail:]}'") == "'[masked:TOKEN]...[masked:TOKEN]'"
    assert mask(secret[:head]) == mask(secret[-tail:]) == "[masked:TOKEN]"


def test_lines_of_a_private_key_are_masked():
    """Output is often indented or prefixed line by line."""
    shown = "\n".join(f"E   {line}" for line in PRIVATE_KEY.splitlines())
    masked = Mask.of({"DEPLOY_KEY": PRIVATE_KEY})(shown)

    assert masked.splitlines() == [
        "E   -----BEGIN KEY-----",
        "E   [masked:DEPLOY_KEY]",
        "E   [masked:DEPLOY_KEY]",
        "E   -----END KEY-----",
    ]


@given(text=st.text())
def test_look_alikes_stay(text: str):
    """Text that holds no secret is the same text."""
    mask = Mask.of({"TOKEN": "q7!secret-value", "HOME": "/home/me", "N": "5"})

    assert mask(text) == text
    assert mask(text + "q7!secret-valu") == text + "q7!secret-valu"
    assert mask(text + "Q7!SECRET-VALUE") == text + "Q7!SECRET-VALUE"


def test_longer_secrets_go_first():
    """A secret that is part of another does not leave the rest of that readable."""
    mask = Mask.of({"A_TOKEN": "abcdef", "B_TOKEN": "abcdefghijk"})

    assert mask("abcdefghijk abcdef") == "[masked:B_TOKEN] [masked:A_TOKEN]"


def test_a_name_cannot_break_the_marker():
    """Names of variables are input as well."""
    assert Mask.of({'TOKEN"]\n': "q7!value"})("q7!value") == "[masked:TOKEN___]"
