"""Who may speak to the server over HTTP, and what a missing extra says."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request

import pytest

LIST = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}'
TOKEN = "a-token-of-many-characters"


def posted(url: str, **headers: str) -> int:
    """The status of the answer to a question without the SDK's client."""
    asked = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(url, LIST, asked | headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "rebound.example:{port}"}, 421),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 400),
    ],
)
def test_on_loopback(shop_server, headers, status):
    """Programs of this machine, under its own names; no page in a browser, whatever it pretends."""
    port = shop_server.rpartition(":")[2].partition("/")[0]
    headers = {name: value.format(port=port) for name, value in headers.items()}

    assert posted(shop_server, **headers) == status


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "0.0.0.0:0"])
def test_a_token(shop, agents, tmp_path, listen):
    """Where there is one it is asked for, on loopback too; beyond it a server has any name."""
    log = tmp_path / "serve.log"
    environ = {"CONFTEST_KIT_SERVE_TOKEN": TOKEN}
    with agents.serving(shop, log=log, listen=listen, **environ) as address:
        url = address.replace("0.0.0.0", "127.0.0.1")
        refused = [posted(url), posted(url, Authorization="Bearer wrong")]
        page = posted(url, Authorization=f"Bearer {TOKEN}", Origin="http://evil.example")
        runs = agents.http(url, Authorization=f"Bearer {TOKEN}").call("runs")

    assert refused == [401, 401]
    assert page == 403
    assert len(runs["items"]) == 2
    assert TOKEN not in log.read_text()


def served(folder, *arguments):
    """The command, where it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "serve", "mcp", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_refuses_to_be_reached_without_a_token(shop):
    """Beyond loopback nobody may ask who does not know one."""
    ended = served(shop, "--listen", "0.0.0.0:0")

    assert ended.returncode == 64
    assert (
        "0.0.0.0 is reached by others: set CONFTEST_KIT_SERVE_TOKEN or --token-file" in ended.stderr
    )


def test_an_address_that_is_taken(shop, shop_server):
    """One message, no traceback."""
    taken = shop_server.removeprefix("http://").partition("/")[0]

    ended = served(shop, "--listen", taken)

    assert ended.returncode == 64
    assert f"cannot listen on {taken}: Address already in use" in ended.stderr


def test_without_the_extra(shop):
    """The command says what to install; every other command works without."""
    hide = (
        "import sys; sys.modules['mcp'] = None; sys.argv = ['orchestrator', *sys.argv[1:]]; "
        "from orchestrator.__main__ import main; main()"
    )
    ended, others = (
        subprocess.run(
            [sys.executable, "-c", hide, *words],
            cwd=shop,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        for words in (["serve", "mcp"], ["runs"])
    )

    assert ended.returncode == 64
    assert 'pip install "conftest-kit[mcp]"' in ended.stderr
    assert (others.returncode, ended.stdout) == (0, "")
