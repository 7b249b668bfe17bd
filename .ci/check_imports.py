"""Corrects `orchestrator/knowledge/imports.toml`: a module's own distribution comes first.

    python .ci/check_imports.py INDEX

The mapping of pipreqs names forks and namesakes for modules whose own distribution came later:
`asyncssh-unofficial` for `asyncssh`. Asks the package index at the address INDEX (its simple pages)
for the distribution of each module's name; where a wheel of it holds the module, and it has more
releases than the first one that is known, it comes first; but not before `pyserial` for `serial`,
as distributions are called where the plain name was taken. Facts only, no code is kept.
"""

from __future__ import annotations

import io
import re
import sys
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import httpx
from packaging.utils import canonicalize_name

FILE = Path(__file__).resolve().parents[1] / "orchestrator" / "knowledge" / "imports.toml"
MAX_WHEEL = 8_000_000
AT_ONCE = 8


def main() -> None:
    """Rewrites the lines that are wrong, and prints them."""
    index = sys.argv[1].rstrip("/") + "/"
    text = FILE.read_text(encoding="utf-8")
    modules: dict[str, list[str]] = tomllib.loads(text)["modules"]
    with (
        httpx.Client(timeout=60, follow_redirects=True) as client,
        ThreadPoolExecutor(AT_ONCE) as workers,
    ):
        wrong = workers.map(lambda entry: is_wrong(client, index, *entry), modules.items())
        names = [name for name, found in zip(modules, wrong, strict=True) if found]
    for name in names:
        known = ", ".join(f'"{one}"' for one in modules[name])
        print(f"{name}: {known}")
        text = text.replace(f"\n{name} = [{known}]", f'\n{name} = ["{name}", {known}]')
    FILE.write_text(text, encoding="utf-8")


def is_wrong(client: httpx.Client, index: str, module: str, known: list[str]) -> bool:
    """Whether the distribution of the module's own name should come first."""
    own = canonicalize_name(module)
    if "." in module or own in map(canonicalize_name, known) or is_usual(known[0], own):
        return False
    mine, theirs = files(client, index, own), files(client, index, known[0])
    wheels = [file for file in mine if file.endswith(".whl")]
    if not wheels or len(releases(mine)) <= len(releases(theirs)):
        return False
    return module in top_level(client, wheels[-1])


def is_usual(known: str, own: str) -> bool:
    """Whether a distribution bears a name as given where the plain one was taken, or is a build."""
    name = canonicalize_name(known)
    is_prefixed = re.match(rf"(?:py|python-|django-){re.escape(own)}", name)
    return name == f"{own}-binary" or bool(is_prefixed)


def files(client: httpx.Client, index: str, name: str) -> list[str]:
    """Addresses of all files of a distribution, the oldest first; none where there is none."""
    page = f"{index}{canonicalize_name(name)}/"
    answer = client.get(page)
    links = re.findall(r'href="([^"#]+)', answer.text) if answer.is_success else []
    return [urljoin(page, link) for link in links]


def releases(files: list[str]) -> set[str]:
    """Versions, as file names have them."""
    names = (file.rpartition("/")[2] for file in files)
    named = (re.search(r"-(\d[\w.!+]*?)(?:-|\.tar|\.zip|\.egg)", name) for name in names)
    return {found[1] for found in named if found}


def top_level(client: httpx.Client, wheel: str) -> set[str]:
    """The modules that a wheel brings; none where it is too large to look."""
    with client.stream("GET", wheel) as answer:
        if not answer.is_success or int(answer.headers.get("content-length", 0)) > MAX_WHEEL:
            return set()
        content = answer.read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        firsts = {name.partition("/")[0] for name in archive.namelist() if name.endswith(".py")}
    return {first.removesuffix(".py") for first in firsts}


if __name__ == "__main__":
    main()
