"""Secrets are made here from pieces, so that no scanner of this repository takes them for real."""

from __future__ import annotations

import base64
import json
import random
import string
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit.records import Attempt, Environment, Failure, Frame, Raised, Recording, Run
from orchestrator.redact import Redactor

REDACTOR = Redactor()
_RANDOM = random.Random(20260101)
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
HEX = "0123456789abcdef"


def some(alphabet: str, length: int) -> str:
    """Random text that holds a digit and a letter, as nearly all random text of such length does."""
    while True:
        text = "".join(_RANDOM.choice(alphabet) for _ in range(length))
        if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
            return text


def b64(text: str) -> str:
    """`text` in base64."""
    return base64.b64encode(text.encode()).decode()


def token(*parts: str) -> str:
    """The pieces of a token in one."""
    return "".join(parts)


def key_block(kind: str, lines: int = 12) -> str:
    """A private key; PEM or PGP."""
    body = "\n".join(some(BASE64, 64) for _ in range(lines))
    return f"-----{'BEGIN'} {kind}-----\n{body}\n{some(BASE64, 30)}==\n-----{'END'} {kind}-----"


JWT = ".".join(
    [
        "ey" + "J" + b64('{"alg":"HS256","typ":"JWT"}')[3:].rstrip("="),
        b64('{"sub":"1234567890","name":"Jo"}').rstrip("="),
        some(URLSAFE, 43),
    ]
)
PASSWORD = "hunt" + "er2"
PASSPHRASE = some(ALNUM, 6) + " " + some(ALNUM, 6) + " " + some(ALNUM, 6)

# What it is: (a text with SECRET in it, the secret)
PLANTED = {
    "aws access key id": ("botocore: key SECRET is not valid", token("AK", "IA", some(UPPER, 16))),
    "aws secret access key": ("AWS_SECRET_ACCESS_KEY=SECRET", some(BASE64, 40)),
    "aws session token": ('"aws_session_token": "SECRET",', some(BASE64, 200)),
    "github classic": ("fatal: bad credentials SECRET", token("gh", "p_", some(ALNUM, 36))),
    "github server": ("x-access-token:SECRET@github.com", token("gh", "s_", some(ALNUM, 36))),
    "github fine-grained": ("[SECRET]", token("github", "_pat_", some(ALNUM, 22), "_", some(ALNUM, 59))),
    "gitlab": ("PRIVATE-TOKEN: SECRET", token("gl", "pat-", some(URLSAFE, 20))),
    "slack": ("slack said invalid_auth for SECRET", token("xo", "xb-", some(string.digits + "a", 12), "-", some(ALNUM, 24))),
    "slack webhook": ("POST https://hooks.slack.com/services/SECRET", f"T{some(UPPER, 8)}/B{some(UPPER, 8)}/{some(ALNUM, 24)}"),
    "stripe": ("stripe.api_key is SECRET", token("sk", "_live_", some(ALNUM, 24))),
    "stripe restricted": ("Invalid API Key provided: SECRET", token("rk", "_live_", some(ALNUM, 99))),
    "google api": ("https://maps.example/api?key=SECRET&q=x", token("AI", "za", some(URLSAFE, 35))),
    "google oauth secret": ("found SECRET in environ", token("GOC", "SPX-", some(URLSAFE, 28))),
    "azure storage": ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=SECRET;EndpointSuffix=x", some(BASE64, 86) + "=="),
    "openai": ("Incorrect API key provided: SECRET.", token("sk", "-proj-", some(ALNUM, 48))),
    "anthropic": ("x-api-key SECRET", token("sk", "-ant-api03-", some(URLSAFE, 93), "AA")),
    "npm": ("//registry.example.org/:_authToken=SECRET", token("np", "m_", some(ALNUM, 36))),
    "pypi": ("twine upload -p SECRET dist/*", token("py", "pi-AgEIcHlwaS5vcmc", some(URLSAFE, 150))),
    "sendgrid": ("SENDGRID SECRET rejected", token("S", "G.", some(URLSAFE, 22), ".", some(URLSAFE, 43))),
    "twilio": ("twilio.rest.Client('x', SECRET)", token("S", "K", some(HEX, 32))),
    "telegram": ("https://api.telegram.org/botSECRET/getMe", token("1234", "56789:", some(URLSAFE, 35))),
    "discord": ("discord.LoginFailure: SECRET", token("M", some(ALNUM, 23), ".", some(ALNUM, 6), ".", some(ALNUM, 38))),
    "mailgun": ("auth=('api', 'SECRET')", token("ke", "y-", some(HEX, 32))),
    "heroku": ("HEROKU_API_KEY: SECRET", "-".join(some(HEX, n) for n in (8, 4, 4, 4, 12))),
    "datadog": ("'DD-API-KEY': 'SECRET'", some(HEX, 32)),
    "jwt": ("decoded SECRET as", JWT),
    "basic header": ("{'Authorization': 'Basic SECRET'}", b64("alice:" + some(ALNUM, 10))),
    "basic without name": ("> Basic SECRET", b64("bob:" + some(ALNUM, 11))),
    "bearer header": ("authorization: Bearer SECRET", some(URLSAFE, 40)),
    "bearer in a list of headers": ("[(b'host', b'x'), (b'authorization', b'Bearer SECRET')]", some(URLSAFE, 32)),
    "postgres url": ("could not connect to postgresql://app:SECRET@db.internal:5432/app", some(ALNUM, 12)),
    "mysql url, signs": ("mysql+pymysql://root:SECRET@127.0.0.1/x", "p@" + some(ALNUM, 8) + "!"),
    "redis url": ("Error 111 connecting to redis://:SECRET@cache:6379/0", some(ALNUM, 9)),
    "amqp url": ("amqps://guest:SECRET@rabbit//", some(ALNUM, 10)),
    "mongodb url": ("mongodb+srv://u:SECRET@c0.mongodb.net/?retryWrites=true", some(ALNUM, 14)),
    "https url": ("git clone https://bot:SECRET@git.example.org/x.git", some(ALNUM, 20)),
    "url, percent-encoded": ("next=postgres%3A%2F%2Fapp%3ASECRET%40db%2Fapp", some(ALNUM, 12)),
    "sentry dsn": ("SENTRY https://SECRET@o1.ingest.sentry.io/2", some(HEX, 32)),
    "connection string": ("Server=tcp:x,1433;User ID=sa;Password=SECRET;Encrypt=yes", some(ALNUM, 12)),
    "dsn keywords": ("host=localhost user=postgres password=SECRET dbname=test", PASSWORD),
    "django": ("SECRET_KEY = 'SECRET'", token("django-insecure-", some(ALNUM + "@#$%^&*(-_=+)", 50))),
    "netrc": ("machine api.example.org\n  login me\n  password SECRET\n", some(ALNUM, 9)),
    "docker auth": ('{"auths": {"index.docker.io": {"auth": "SECRET"}}}', b64("me:" + some(ALNUM, 12))),
    "kubeconfig token": ("users:\n- user:\n    token: SECRET\n", some(ALNUM, 40)),
    "kubeconfig key": ("    client-key-data: SECRET\n", b64(key_block("RSA PRIVATE" + " KEY"))),
    "cookie": ("Cookie: theme=dark1234; sessionid=SECRET", some(HEX, 32)),
    "session id": ("session_id='SECRET'", some(ALNUM, 26)),
    "signed url": ("https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=SECRET", some(HEX, 64)),
    "json": ('{"username": "bob", "password": "SECRET"}', PASSWORD),
    "json in json": (json.dumps(json.dumps({"a": json.dumps({"api_key": "SECRET", "b": 1})})), some(ALNUM, 20)),
    "repr of a dict": ("{'user': 'x', 'client_secret': 'SECRET', 'n': 1}", some(ALNUM, 16)),
    "kwargs": ("connect(user='x', password='SECRET')", some(ALNUM, 8)),
    "brackets": ("DB_PASSWORD=SECRET\nx", some(ALNUM, 5) + "(" + some(ALNUM, 5)),
    "dots": ("psql password=SECRET host=x", some(ALNUM, 5) + "." + some(ALNUM, 5)),
    "words with a secret name": ("{'password': 'SECRET'}", "my" + "passwd12"),
    "words with a secret name, bare": ("host=x password=SECRET user=y", "my" + "passwd12"),
    "words": ("passphrase: 'SECRET'", PASSPHRASE),
    "option": ("['pytest', '--api-token=SECRET', '-q']", some(ALNUM, 20)),
    "option, two words": ("pytest --db-password SECRET -q", some(ALNUM, 12)),
    "setenv": ("monkeypatch.setenv('DB_PASSWORD', 'SECRET')", some(ALNUM, 12)),
    "annotated": ("    password: str | None = 'SECRET'", some(ALNUM, 12)),
    "comparison": ("assert 'SECRET' == user.password", some(ALNUM, 12)),
    "pytest's where": ("E    +  where 'SECRET' = <User 1>.password", some(ALNUM, 12)),
    "colours": ("\x1b[36mpassword\x1b[0m=\x1b[35mSECRET\x1b[0m", some(ALNUM, 12)),
    "html": ("&quot;password&quot;: &quot;SECRET&quot;", some(ALNUM, 12)),
    "curl": ("curl -sS -u admin:SECRET https://x", some(ALNUM, 12)),
    "requests auth": ("requests.get(url, auth=('me', 'SECRET'))", some(ALNUM, 10)),
    "environment dump": ("HOME=/root\nMY_PASSWORD=SECRET\nLANG=C", "two words; " + some(ALNUM, 6) + "&x"),
    "url query": ("GET /cb?access_token=SECRET&state=1", some(ALNUM, 30)),
    "encoded query": ("u=%2Fcb%3Faccess_token%3DSECRET%26state%3D1", some(ALNUM, 30)),
    "vault": ("vault login SECRET", token("hv", "s.", some(ALNUM, 24))),
    "hugging face": ("HF SECRET", token("h", "f_", some(ALNUM, 34))),
    "digitalocean": ("token SECRET", token("do", "p_v1_", some(HEX, 64))),
    **{
        f"{kind} block": ("key is\nSECRET\nend", key_block(f"{kind}PRIVATE" + f" KEY{block}"))
        for kind, block in (("RSA ", ""), ("EC ", ""), ("OPENSSH ", ""), ("", ""), ("PGP ", " BLOCK"))
    },
}  # fmt: skip

LOOK_ALIKES = """
HEAD is now at 3f2a9c1d5e7b8a6f4c0d2e1b9a8f7c6d5e4b3a21 Fix the token refresh
assert UUID('6ba7b810-9dad-11d1-80b4-00c04fd430c8') == UUID('6ba7b811-9dad-11d1-80b4-00c04fd430c8')
md5 mismatch: d41d8cd98f00b204e9800998ecf8427e != 9e107d9d372bb6826bd81d3542a9d6ab
tests/test_auth.py::TestLogin::test_token_expires[password-0]
E   jsonschema: unexpected token at line 3 column 7
E   AssertionError: assert 'password' not in {'username', 'password'}
assert token == None
assert token is not None and secret != ''
>       password = form.cleaned_data["password"]
client.login(username="bob", password=password, token=self.api_token, secret=db_secret)
/usr/lib/python3.11/site-packages/jwt/api_jws.py:190: DecodeError
<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==">
2026-01-02T03:04:05.678901Z started after 1735786800.123456
3.141592653589793238462643383279502884197
numpy==2.3.0+cu121.post1.dev0+g1a2b3c4d5e6f
test_a_very_long_identifier_that_describes_what_the_test_does_in_many_words_2
You can reproduce this example by temporarily adding @reproduce_failure('6.170.15', b'AXicY2BkYGBgBGIGAAAlAAY=')
sorted(items, key=lambda x: x.created_at)
secret_santa = 'Bob Smith'
[gw0] linux -- Python 3.11.7 /home/me/.venv/bin/python
<object at 0x7f3a5c2d1e80>
GET https://example.org:8443/api/v1/users?page=2&sort=name
mail from someone@example.org to ops+alerts@example.co.uk
pytest -k token -m "not secret" --durations=10
PASSWORD_FIELD = "password"
max_tokens: 4096, tokens = [1, 2, 3], tokenizer = 'bert-base-uncased'
PWD=/home/me/project
OLDPWD=/home/me
ssh://git@github.com/team/repo.git and git@github.com:team/repo.git
password: str = Field(min_length=8)
def login(self, password: str, token: Optional[str] = None) -> Session:
TypeError: connect() got an unexpected keyword argument 'password'
ModuleNotFoundError: No module named 'secretstorage'
fixture 'auth_token' not found
KeyError: 'api_key'
Enter password:
Invalid password: must be at least 8 characters
Bearer authentication required, Basic authentication is off
password=None, secret=<hidden>, token=***, api_key=${API_KEY}, auth=%s
password = os.environ["DB_PASSWORD"]
token = self.get_token(user)
ssl_certificate_key: /etc/nginx/tls/server.pem
token_url = "https://auth.example.org/oauth/token"
-----BEGIN CERTIFICATE-----
-----BEGIN PUBLIC KEY-----
sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
array([0.12345678, 0.87654321]) dtype('float64') strides=(8,)
compass=north, bypass: true, passed=3, author = 'Jane Roe'
sk-learn, task-runner-for-python-projects-2, npm_config_cache=/home/jane/.npm
tests.NotificationServiceTestCase.helper.test_with_a_name_of_many_characters
E       +    'session': 'closed',
cookies: accept all? the session id: see above
""".strip().splitlines()


def fragments(secret: str) -> set[str]:
    """Runs of eight characters: none of them may stay."""
    plain = secret.replace("\n", " ").split(" ")
    return {part[i : i + 8] for part in plain if len(part) >= 8 for i in range(len(part) - 7)} | {
        part for part in plain if 5 <= len(part) < 8
    }


def leaks(secret: str, text: str) -> list[str]:
    """What of `secret` can still be read in `text`."""
    noise = {
        "-----BEG",
        "----BEGI",
        "---BEGIN",
        "PRIVATE",
        "OPENSSH",
        "two",
        "words;",
        "KEY-----",
        "BLOCK-----",
    }
    return sorted(f for f in fragments(secret) - noise if f in text)


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_secrets_are_caught(kind):
    """No part of the secret stays, and the text around it does."""
    text, secret = PLANTED[kind]

    redacted = REDACTOR.redact_text(secret.join(text.rsplit("SECRET", 1)))

    assert secret not in redacted
    assert leaks(secret, redacted) == []
    assert "[redacted:" in redacted


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_look_alikes_stay(text):
    """What only resembles a secret is evidence."""
    assert REDACTOR.redact_text(text) == text


def test_enough_kinds():
    """The counts that the project promises."""
    assert len(PLANTED) >= 40
    assert len(LOOK_ALIKES) >= 40


KEY = PLANTED["RSA  block"][1]
GITHUB = PLANTED["github classic"][1]


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(repr(KEY), id="repr"),
        pytest.param(json.dumps(json.dumps({"k": KEY})), id="JSON in JSON"),
        pytest.param("".join(f"E     {line}\n" for line in KEY.splitlines()), id="pytest's margin"),
        pytest.param("".join(f"E     -     '{line}\\n'\n" for line in KEY.splitlines()), id="diff"),
        pytest.param(KEY.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(KEY[:400], id="end missing"),
        pytest.param(KEY[100:], id="beginning missing"),
        pytest.param(KEY[:300] + "\n… 70000 bytes left out …\n" + KEY[500:], id="cut"),
        pytest.param(KEY[:300] + "\n… 70000 bytes left out …\nso", id="cut, end missing"),
        pytest.param("so\n… 70000 bytes left out …\n" + KEY[500:], id="cut, beginning missing"),
    ],
)
def test_private_keys_in_every_dress(shown):
    """A private key goes whole, however it is quoted, indented or cut."""
    redacted = REDACTOR.redact_text(f"before\n{shown}\nafter")

    assert leaks(KEY, redacted) == []
    assert redacted.startswith("before")
    assert redacted.endswith("after")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param(f"{'x' * 60} {GITHUB[:14]}\n{GITHUB[14:]} end", GITHUB, id="wrapped"),
        pytest.param(
            f"│ {'x' * 60} {GITHUB[:9]} │\n│ {GITHUB[9:]}   │", GITHUB, id="wrapped in a box"
        ),
        pytest.param(f"{GITHUB[:12]}\n… 9 bytes left out …\n{GITHUB[21:]}", GITHUB, id="cut"),
        pytest.param(f"'{GITHUB[:20]}...{GITHUB[-12:]}'", GITHUB, id="shortened by saferepr"),
        pytest.param(f"{GITHUB[:20]}\x1b[1m{GITHUB[20:]}\x1b[0m", GITHUB, id="coloured inside"),
        pytest.param(f"{GITHUB}{'Ab1' * 20}", GITHUB + "Ab1" * 20, id="longer than known"),
        pytest.param(f"password='{PASSWORD}...\n", PASSWORD, id="never closed"),
        pytest.param(f"{{'password': 'it\\'s {PASSWORD}'}}", PASSWORD, id="escaped quote"),
    ],
)
def test_no_part_of_a_secret_stays(text, secret):
    """What terminals, limits and repr do to a secret does not save a part of it."""
    redacted = REDACTOR.redact_text(text)

    assert leaks(secret, redacted) == []


def test_a_secret_is_known_again_where_nothing_names_it():
    """The value that one line names is masked in the line that does not."""
    text = f"    login(password='{PASSWORD}')\nE   assert '{PASSWORD}' == 'x'"

    redacted = REDACTOR.redact_text(text)

    assert redacted == (
        "    login(password='[redacted:password]')\nE   assert '[redacted:password]' == 'x'"
    )


def test_tags_of_a_coverage_page_hide_nothing():
    """In HTML each word has a tag of its own."""
    page = (
        '<p><span class="nam">password</span> <span class="op">=</span> '
        f'<span class="str">&#39;{PASSWORD}&#39;</span></p>'
    )

    redacted = REDACTOR.redact_text(page, markup=True)

    assert PASSWORD not in redacted
    assert redacted.startswith('<p><span class="nam">password</span>')


def recording() -> Recording:
    """A run with a secret in every place that holds text."""
    secret = f"password={PASSWORD}"
    raised = Raised(
        type="Denied",
        message=secret,
        attributes={"reason": secret, "password": PASSWORD, "cmd": ["x", secret], "code": 3},
        notes=(secret,),
        frames=(Frame(file="a.py", line=3, function="f", source=f'login("{PASSWORD}", {secret})'),),
    )
    return Recording(
        run=Run(
            run_id="20260101T000000.000000Z-0badcafe",
            command=("pytest", "--db-password", PASSWORD, f"--token={GITHUB}", "-k", "token"),
            warnings=(secret,),
            environment=Environment(
                ci={"provider": "x", "url": f"https://u:{PASSWORD}@ci.example/1"}
            ),
        ),
        attempts=(
            Attempt(nodeid=f"t.py::test[{GITHUB}]", outcome="failed"),
            Attempt(
                nodeid=f"t.py::test[{GITHUB[::-1][:-4] + 'x'}]", outcome="skipped", reason=secret
            ),
            Attempt(nodeid=f"t.py::test[gh{'o'}_{GITHUB[4:]}]", outcome="passed"),
        ),
        failures=(
            Failure(
                nodeid=f"t.py::test[{GITHUB}]",
                phase="call",
                subtest=secret,
                message=f"assert '{PASSWORD}' == ''",
                text=secret,
                exceptions=(raised, raised._replace(members=((raised,),))),
                captured={"stdout": secret},
            ),
        ),
        in_flight=(f"t.py::test[gh{'o'}_{GITHUB[4:]}]",),
    )


def test_every_text_of_a_recording_is_redacted():
    """No field is forgotten, and a second pass changes nothing."""
    redacted = REDACTOR.redact_recording(recording())

    assert PASSWORD not in repr(redacted)
    assert leaks(GITHUB, repr(redacted)) == []
    assert redacted.run.command[-2:] == ("-k", "token")
    assert REDACTOR.redact_recording(redacted) == redacted


def test_node_ids_stay_identities():
    """The same test has one name everywhere, and different tests have different ones."""
    redacted = REDACTOR.redact_recording(recording())

    assert redacted.failures[0].nodeid == redacted.attempts[0].nodeid
    assert redacted.in_flight[0] == redacted.attempts[2].nodeid
    assert len({attempt.nodeid for attempt in redacted.attempts}) == 3


def test_a_recording_without_secrets_stays():
    """Equal, and so are its distributions."""
    plain = Recording(
        run=Run(run_id="x", command=("pytest", "-k", "token", "--tb=short"), counts={"failed": 1}),
        failures=(Failure(nodeid="a::b", phase="call", message="assert 1 == 2"),),
    )

    assert REDACTOR.redact_recording(plain) == plain


PIECES = st.sampled_from(
    [text.replace("SECRET", secret) for text, secret in PLANTED.values()]
    + LOOK_ALIKES
    + [
        "[redacted:x]",
        "[masked:A_B]",
        "password",
        "token=",
        '"',
        "'",
        "\\",
        "=",
        ": ",
        "\n",
        "\x1b[1m",
    ]
    + [
        "\n… 12 bytes left out …\n",
        "-----BEGIN",
        "PRIVATE KEY-----",
        "://",
        "@",
        "\ue000",
        "x" * 60,
    ]
)


@given(
    st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=6).map("".join))
)
def test_redaction_is_idempotent(text):
    """Any text can be redacted, and a redacted one stays."""
    once = REDACTOR.redact_text(text)

    assert REDACTOR.redact_text(once) == once


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=6).map("".join))
def test_redaction_is_deterministic(text):
    """Two redactors agree."""
    assert Redactor().redact_text(text) == REDACTOR.redact_text(text)


def test_nothing_is_opened_or_started():
    """No file, socket or process: the detector's verification stays off."""
    script = (
        "import sys\n"
        "from orchestrator.redact import Redactor\n"
        "redactor = Redactor()\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event))\n"
        "redactor.redact_text(sys.argv[1])\n"
        "print([e for e in seen if e.startswith(('open', 'socket', 'subprocess', 'os.', 'import'))])\n"
    )
    text = "\n".join(text.replace("SECRET", secret) for text, secret in PLANTED.values())

    done = subprocess.run(
        [sys.executable, "-c", script, text], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_a_megabyte_takes_about_a_second():
    """Traceback text with a secret here and there; the limit is generous for slow machines."""
    line = 'E     File "/home/me/project/app/views.py", line 12: token = self.get_token(user)\n'
    text = (line * 300 + f"password='{PASSWORD}'\n") * 40

    begin = time.process_time()
    redacted = REDACTOR.redact_text(text)
    seconds = time.process_time() - begin

    assert PASSWORD not in redacted
    assert seconds < 8 * len(text) / 1_000_000


@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN RSA PRIVATE" + " KEY-----", "-----END RSA PRIVATE" + " KEY-----", "sk-", "-eyJ", "=eyJ-", "--", "--a-password", "password",
        'password="', "password=\\", "password: ", "http://a:", "a:", "a@", "Basic ", "authorization: ", "curl ", "cookie: a=",
        "login ", "'aaaa' == ", "(password,", "a-", "/a", "\\", "<a", "QUJD", "QUJD\n", "x" * 79 + "\n", "\x1b[1m", "é", " ", "1",
        "xoxb-1-", "\n… 1 bytes left out …\n", "[redacted:", "[redacted:x]", "\ue000", "key=", "aws", "AC", "[masked:",
    ],
)  # fmt: skip
def test_hostile_text_does_not_hang(piece):
    """Output of tests is untrusted: no repetition takes more than a moment."""
    text = (piece * 64_000)[:64_000]

    begin = time.process_time()
    REDACTOR.redact_text(f"password={text}\n{text}\n… 1 bytes left out …\n{text}")
    seconds = time.process_time() - begin

    assert seconds < 10
