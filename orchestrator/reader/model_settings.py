"""What a project sets of the model that reads what the rules could not decide.

Defaults < `[tool.conftest_kit.model]` of pyproject.toml < `CONFTEST_KIT_MODEL_<KEY>`. The kit
passes the table over: nothing here is needed, or read, inside of a test run.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from conftest_kit.settings import PREFIX as KIT_PREFIX
from conftest_kit.settings import SettingsError, read_pyproject, subtable

PREFIX = f"{KIT_PREFIX}MODEL_"
KEY_VARIABLE = f"{PREFIX}KEY"
_MOST = 10**12
"""As good as no limit, and sums of it still fit into a database."""
_SECRETS = frozenset({"key", "api_key", "apikey", "token", "secret", "password", "authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which model is asked, when, and what that may cost."""

    endpoint: str
    """The base URL of the API, without a slash at its end: `http://127.0.0.1:11434/v1`."""
    name: str
    key: str | None = field(default=None, repr=False)
    confidence: float
    timeout_seconds: float
    review_seconds: float
    review_requests: int
    review_tokens: int
    day_requests: int
    day_tokens: int


class Setting(NamedTuple):
    """One row of the table in the README."""

    key: str
    type: str
    read: Callable[[Any], Any]
    """From a raw value; raises ValueError saying what is allowed."""
    default: Any
    help: str


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("a text of one line, not empty")
    return value.strip()


def _address(value: Any) -> str:
    text = _text(value)
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.query or parts.fragment:
        raise ValueError("an address such as https://api.example.org/v1")
    if "@" in parts.netloc:
        raise ValueError(f"an address without a password: the key goes into ${KEY_VARIABLE}")
    return text.rstrip("/").removesuffix("/chat/completions")


def _variable(value: Any) -> str:
    text = _text(value)
    if not text.isidentifier():
        raise ValueError("the name of an environment variable, not the key itself")
    return text


def _share(value: Any) -> float:
    number = _number(value)
    if number > 1:
        raise ValueError("a number from 0 to 1")
    return number


def _number(value: Any) -> float:
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError("a number from 0")
    return number


def _seconds(value: Any) -> float:
    number = _number(value)
    if not number:
        raise ValueError("a number above 0")
    return number


def _count(value: Any) -> int:
    number = _number(value)
    if not number.is_integer() or number > _MOST:
        raise ValueError(f"a whole number from 0 to {_MOST}")
    return int(number)


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="endpoint",
        type="URL",
        read=_address,
        default=None,
        help="Where the server's `/chat/completions` is: `http://127.0.0.1:11434/v1` for Ollama.",
    ),
    Setting(
        key="name",
        type="text",
        read=_text,
        default=None,
        help="The model's name, as the server has it. Without both nothing is ever asked.",
    ),
    Setting(
        key="key_variable",
        type="text",
        read=_variable,
        default=KEY_VARIABLE,
        help="The environment variable with the server's key, where it wants one.",
    ),
    Setting(
        key="confidence",
        type="number",
        read=_share,
        default=0.6,
        help="Causes of which the rules are less sure are asked about; 0 for `unknown` ones only.",
    ),
    Setting(
        key="timeout_seconds",
        type="seconds",
        read=_seconds,
        default=60,
        help="For one answer.",
    ),
    Setting(
        key="review_seconds",
        type="seconds",
        read=_seconds,
        default=180,
        help="For all answers of one review.",
    ),
    Setting(
        key="review_requests",
        type="number",
        read=_count,
        default=10,
        help="Requests that one review may send.",
    ),
    Setting(
        key="review_tokens",
        type="number",
        read=_count,
        default=60_000,
        help="Tokens that one review may use, prompts and answers.",
    ),
    Setting(
        key="day_requests",
        type="number",
        read=_count,
        default=200,
        help="Requests that all reviews of a project may send a day (UTC) …",
    ),
    Setting(
        key="day_tokens",
        type="number",
        read=_count,
        default=1_000_000,
        help="… and tokens.",
    ),
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}


def load(root: Path, environ: Mapping[str, str]) -> ModelSettings | None:
    """The model that a project's reviews may ask; None where none is configured.

    Raises:
        SettingsError: a value is not allowed, or half of what is needed is there; the message names
            the key, the value (but never a secret) and what is allowed.
    """
    values = {setting.key: setting.default for setting in SETTINGS}
    sources = []
    for source, key, raw in _given(root, environ):
        values[key] = _read(source, key, raw)
        sources.append(source)
    if values["endpoint"] is None and values["name"] is None:
        return None
    for key in ("endpoint", "name"):
        if values[key] is None:
            raise SettingsError(
                f"{sources[0]}: {key!r} is not set, and no model is asked without it; set "
                f"{PREFIX}{key.upper()} or `{key}` in [tool.conftest_kit.model]"
            )
    variable = values.pop("key_variable")
    return ModelSettings(**values, key=_key(variable, environ))


def _key(variable: str, environ: Mapping[str, str]) -> str | None:
    key = environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise SettingsError(
            f"{variable}: the key in it is not allowed; allowed: one line of ASCII characters"
        )
    return key or None


def table() -> str:
    """The table of the README, in Markdown."""
    rows = ["| key | type | default | what it sets |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = "none" if setting.default is None else f"`{setting.default}`"
        rows.append(f"| `{setting.key}` | {setting.type} | {default} | {setting.help} |")
    return "\n".join(rows) + "\n"


def _given(root: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """What is set: by whom, which key, and the raw value; the later wins."""
    document, _ = read_pyproject(root.absolute())  # that it cannot be read is said by the kit
    section = subtable(subtable(subtable(document, "tool"), "conftest_kit"), "model")
    for key, raw in section.items():
        yield f"[tool.conftest_kit.model] in {root / 'pyproject.toml'}", key, raw
    for name, raw in environ.items():
        if name.startswith(PREFIX) and name != KEY_VARIABLE and raw:
            yield name, name.removeprefix(PREFIX).lower(), raw


def _read(source: str, key: str, raw: Any) -> Any:
    setting = _BY_KEY.get(key)
    if setting is None:
        if key.lower().replace("-", "_") in _SECRETS:
            raise SettingsError(
                f"{source}: {key!r} is not allowed: files are shared, and a key in one is no "
                "secret any more. Take it out, put it into the environment variable "
                f"{KEY_VARIABLE}, or name another variable with `key_variable`"
            )
        near = difflib.get_close_matches(key, _BY_KEY, n=2)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise SettingsError(f"{source}: unknown setting {key!r}; {hint}known: {', '.join(_BY_KEY)}")
    try:
        return setting.read(raw)
    except ValueError as error:
        # Where a name or an address is expected, a key may have been pasted.
        shown = "what is there" if key in ("endpoint", "key_variable") else f"= {raw!r}"
        raise SettingsError(f"{source}: {key} {shown} is not allowed; allowed: {error}") from None
