"""What is pushed to a Pushgateway: the textfiles of a project, as one group.

A push is a PUT: the group becomes what the files hold. With POST a metric that the last run did
not measure (its coverage, say) would stay in the group as if it had.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.errors import UnreadableInput, UsageProblem

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_BYTES = 4_000_000
"""Of all files together; a project's have about 100 kB."""

_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_PLAIN_VALUE = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9_.-]*")


def group(job: str, *, project: str, further: Sequence[str] = ()) -> dict[str, str]:
    """The labels of a group, `job` first; `further` are texts `KEY=VALUE`.

    Raises:
        UsageProblem: one is no label that Prometheus allows, is there twice, or the job is empty.
    """
    if not job:
        raise UsageProblem("the job is empty: a group needs one, --job names it")
    labels: dict[str, str] = {}
    for text in further:
        name, separator, value = text.partition("=")
        if not separator or not _LABEL_NAME.fullmatch(name):
            raise UsageProblem(
                f"--grouping {text!r}: KEY=VALUE is wanted; a key has letters, digits and "
                "underscores, and begins neither with a digit nor with two underscores"
            )
        if name == "job":
            raise UsageProblem(f"--grouping {text!r}: --job names the job")
        if name in labels:
            raise UsageProblem(f"--grouping {text!r}: {name!r} is given twice")
        labels[name] = value
    # Names of folders and arguments need not be UTF-8, labels must be.
    return {
        name: value.encode("utf-8", "backslashreplace").decode()
        for name, value in {"job": job, "project": project, **labels}.items()
    }


def group_path(labels: Mapping[str, str]) -> str:
    """The path of a group, `job` first.

    Values that a path cannot hold as they are (a slash, none at all) are written in base64, as the
    Pushgateway reads them.
    """
    return "/metrics/" + "/".join(_part(name, value) for name, value in labels.items())


def _part(name: str, value: str) -> str:
    if _PLAIN_VALUE.fullmatch(value):
        return f"{name}/{value}"
    encoded = urlsafe_b64encode(value.encode()).decode()
    return f"{name}@base64/{encoded or '='}"


def base_url(url: str) -> str:
    """The address of a gateway, without a slash at its end; `host:port` is one too.

    Raises:
        UsageProblem: it is none, names a group, or holds a password, which others could read.
    """
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
        parts = urlsplit("")
    if "@" in parts.netloc:
        raise UsageProblem("the URL holds a user or password: use --user and --password-env")
    if not usable or parts.query or parts.fragment:
        raise UsageProblem(f"{url!r} is no address of a Pushgateway such as http://host:9091")
    if "/metrics" in parts.path:
        raise UsageProblem(
            f"{url!r} names a path of the Pushgateway: give its address, the rest comes from --job "
            "and --grouping"
        )
    return url.rstrip("/")


def exposition(paths: Iterable[Path], *, labels: Mapping[str, str]) -> str:
    """The content of those of the files that exist, checked for what a gateway would refuse.

    Raises:
        UnreadableInput: there is none, or one cannot be parsed, has timestamps, repeats a metric of
            another one, or has a label that the group of those `labels` would overwrite; or all are
            empty, and such a push deletes the group.
    """
    paths = list(paths)
    texts = {path: text for path in paths if (text := _text(path)) is not None}
    if not texts:
        raise UnreadableInput(
            f"there is nothing to send, no {' or '.join(repr(str(path)) for path in paths)}: "
            "run pytest with the kit first"
        )
    if sum(map(len, texts.values())) > MAX_BYTES:
        raise UnreadableInput(
            f"{_named(texts)}: more than {MAX_BYTES} bytes, which is no project's"
        )
    seen: dict[str, Path] = {}
    samples = 0
    for path, text in texts.items():
        for family in _families(path, text):
            _check(path, family, labels)
            samples += len(family.samples)
            if seen.setdefault(family.name, path) != path:
                raise UnreadableInput(
                    f"the metric {family.name!r} is in '{seen[family.name]}' and in '{path}'; "
                    "remove the file that another tool wrote"
                )
    if not samples:
        raise UnreadableInput(
            f"{_named(texts)}: not one sample, and an empty push deletes the group; --delete does "
            "that where it is wanted"
        )
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts.values())


def _named(paths: Iterable[Path]) -> str:
    return " and ".join(repr(str(path)) for path in paths)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"cannot read the metrics file '{path}': {error}") from error


def _families(path: Path, text: str) -> list[Metric]:
    try:
        return list(text_string_to_metric_families(text))
    # What the client's parser raises on arbitrary text.
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableInput(
            f"'{path}' is not a Prometheus text exposition ({error}); "
            "remove it, and the next run writes a new one"
        ) from error


def _check(path: Path, family: Metric, labels: Mapping[str, str]) -> None:
    for sample in family.samples:
        if sample.timestamp is not None:
            raise UnreadableInput(
                f"'{path}': {sample.name} has a timestamp, which a Pushgateway refuses; it is not "
                "the kit that wrote it so"
            )
        for name in labels.keys() & sample.labels.keys():
            if sample.labels[name] != labels[name]:
                raise UnreadableInput(
                    f"'{path}': {sample.name} has {name}={sample.labels[name]!r}, which the "
                    f"group's {name}={labels[name]!r} would overwrite; leave one of them out of "
                    "--grouping, --job and `metrics_labels`"
                )
