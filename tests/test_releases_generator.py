"""`.ci/generate_releases.py` reads off an index in which month minor releases came out."""

from __future__ import annotations

import functools
import importlib.util
import json
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "generate_releases.py"


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """`generated({name: {file: uploaded}}, imports)`: the lines of the file, without its head."""
    spec = importlib.util.spec_from_file_location("generate_releases", SCRIPT)
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    monkeypatch.setattr(generator, "KNOWLEDGE", tmp_path)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def generate(listed, imports, *most):
        (tmp_path / "imports.txt").write_text(imports)
        for name, files in listed.items():
            page = tmp_path / "simple" / name / "index.html"
            page.parent.mkdir(parents=True)
            uploaded = [{"filename": file, "upload-time": time} for file, time in files.items()]
            page.write_text(json.dumps({"files": uploaded}))
        address = f"http://127.0.0.1:{server.server_port}/simple"
        monkeypatch.setattr("sys.argv", ["generate_releases", address, *most])
        generator.main()
        lines = (tmp_path / "releases.txt").read_text().splitlines()
        return [line for line in lines if not line.startswith(("#", "python "))]

    yield generate
    server.shutdown()
    server.server_close()
    thread.join()


def test_minor_releases_by_the_month_of_their_first_file(generated):
    """Candidates do not count, nor what is no release; ten comes after nine."""
    shop = {
        "shop-1.9.0-py3-none-any.whl": "2023-02-03T10:00:00Z",
        "shop-1.9.0.tar.gz": "2023-01-31T10:00:00Z",
        "shop-1.9.1.tar.gz": "2024-01-31T10:00:00Z",
        "shop-1.10.tar.gz": "2023-05-01T10:00:00Z",
        "shop-2.0rc1.tar.gz": "2023-06-01T10:00:00Z",
        "shop-2-py3-none-any.whl": "2023-07-01T10:00:00Z",
        "shop.exe": "2023-08-01T10:00:00Z",
    }

    assert generated({"shop": shop}, "# head\nshop Shop\n") == ["shop 1.9:2301 1.10:2305 2.0:2307"]


def test_the_most_popular_that_are_there(generated):
    """Each once, by normalised name; what the index does not know is left out."""
    file = {"x-1.0.tar.gz": "2020-01-01T00:00:00Z"}
    listed = {"py-yaml": file, "shop": file, "rare": file}
    imports = "yaml Py_YAML gone\nyaml2 Py.YAML\nshop shop\nrare rare\n"

    assert generated(listed, imports, "3") == ["py-yaml 1.0:2001", "shop 1.0:2001"]
