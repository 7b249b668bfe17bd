"""`.ci/generate_imports.py` reads off an index which released distribution brings which module."""

from __future__ import annotations

import importlib.util
import io
import json
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "generate_imports.py"


@pytest.fixture
def generator():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("generate_imports", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Index(BaseHTTPRequestHandler):
    """A package index whose files can be asked for in parts."""

    def do_GET(self):
        """A page of files, or a file."""
        content = self.server.content.get(self.path)
        self.send_response(404 if content is None else 206 if "Range" in self.headers else 200)
        self.end_headers()
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        self.server.asked.append(self.path)
        self.wfile.write((content or b"")[int(first) : int(last) + 1 if last else None])

    def log_message(self, *_args):
        """Nothing: the output is pytest's."""


@pytest.fixture
def index():
    """A running one; `index.put(name, {file: [names in it]})`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    server.content, server.asked = {}, []

    def put(name, files, **more):
        packed = {
            file: (_wheel if file.endswith(".whl") else _sdist)(more.get("spelled", name), names)
            for file, names in files.items()
        }
        listed = [
            {"filename": file, "url": f"/files/{file}", "size": len(content), **more.get(file, {})}
            for file, content in packed.items()
        ]
        server.content[f"/simple/{name}/"] = json.dumps({"files": listed}).encode()
        server.content |= {f"/files/{file}": content for file, content in packed.items()}

    server.put = put
    server.url = f"http://127.0.0.1:{server.server_port}/simple"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _wheel(name, files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in files:
            archive.writestr(file, "")
        archive.writestr("x-1.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\n")
    return packed.getvalue()


def _sdist(name, files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for file in files:
            archive.addfile(tarfile.TarInfo(f"{name}-1/{file}"))
    return packed.getvalue()


@pytest.fixture
def generated(generator, index, tmp_path, monkeypatch):
    """`generated({name: downloads})`: the lines of the mapping, without its head."""

    def generate(downloads):
        rows = [{"project": name, "download_count": count} for name, count in downloads.items()]
        top = tmp_path / "top.json"
        top.write_text(json.dumps({"last_update": "2026-04-01 06:00:00", "rows": rows}))
        monkeypatch.setattr(generator, "FILE", tmp_path / "imports.txt")
        monkeypatch.setattr("sys.argv", ["generate_imports", index.url, str(top)])
        generator.main()
        head, lines = [], []
        for line in generator.FILE.read_text().splitlines():
            (head if line.startswith("#") else lines).append(line)
        assert (
            f"# source: the {len(rows)} most downloaded distributions of 2026-04-01"
            in "\n".join(head)
        )
        return lines

    return generate


def test_the_newest_release_that_is_meant_to_be_used(index, generated):
    """A wheel before a later sdist; no pre-release, and none that was withdrawn."""
    index.put(
        "py-yaml",
        {
            "py_yaml-1.0-py3-none-any.whl": ["old.py"],
            "Py_YAML-2.0-cp312-cp312-win32.whl": ["windows.py"],
            "Py_YAML-2.0-cp312-cp312-manylinux_2_17_x86_64.whl": [
                "yaml/__init__.py",
                "_yaml.cpython-312-x86_64-linux-gnu.so",
                "tests/__init__.py",
            ],
            "Py_YAML-3.0rc1-py3-none-any.whl": ["candidate.py"],
            "py-yaml-2.1.tar.gz": ["src/later.py"],
            "Py_YAML-2.2-py3-none-any.whl": ["withdrawn.py"],
        },
        **{"spelled": "Py-YAML", "Py_YAML-2.2-py3-none-any.whl": {"yanked": True}},
    )

    assert generated({"py-yaml": 100}) == ["_yaml Py-YAML", "yaml Py-YAML"]


def test_a_distribution_without_a_wheel(index, generated):
    """Its sdist is read."""
    index.put("shop", {"shop-1.tar.gz": ["setup.py", "src/shop/__init__.py", "docs/conf.py"]})

    assert generated({"shop": 1, "not-there": 1}) == ["shop shop"]


def test_names_that_tell_nothing(index, generated):
    """Of tests, of examples and of what many projects call so; but a distribution's own stays."""
    names = ["shop", "utils", "shop_tests", "Tests", "example_project", "_version", "1st"]
    index.put("shop", {"shop-1-py3-none-any.whl": [f"{name}/__init__.py" for name in names]})
    index.put("unit-tests", {"unit_tests-1-py3-none-any.whl": ["unit_tests.py"]})
    index.put("my-test", {"my_test-1-py3-none-any.whl": ["my_test.py"]})

    assert generated({"shop": 1, "unit-tests": 1, "my-test": 1}) == ["my_test my-test", "shop shop"]


def test_only_the_end_of_a_wheel_is_asked_for(generator, index, generated, monkeypatch):
    """It lists the files; also where it takes more than was asked for at first."""
    monkeypatch.setattr(generator, "END", 100)
    index.put(
        "shop",
        {"shop-1-py3-none-any.whl": [f"shop/part{n}.py" for n in range(40)] + ["shop/__init__.py"]},
    )

    assert generated({"shop": 1}) == ["shop shop"]
    assert index.asked.count("/files/shop-1-py3-none-any.whl") > 1


@pytest.mark.parametrize(
    ("downloads", "first"),
    [
        ({"serial": 10, "pyserial": 1000}, "pyserial"),
        ({"serial": 400, "pyserial": 1000}, "serial"),
        ({"serial": 400, "serial-binary": 1000}, "serial-binary"),
    ],
)
def test_who_comes_first(index, generated, downloads, first):
    """The most downloaded; the one of the module's own name also where it has nearly as many, but
    not before its own build.
    """
    for name in downloads:
        index.put(name, {f"{name.replace('-', '_')}-1-py3-none-any.whl": ["serial/__init__.py"]})

    (line,) = generated(downloads)

    assert line.split() == ["serial", first, *(downloads.keys() - {first})]


def test_namespaces(index, generated):
    """A name of which the popular ones have parts is nobody's; one stray folder makes none."""
    index.put("cloud", {"cloud-1-py3-none-any.whl": ["google/cloud/__init__.py"]})
    index.put("google", {"google-1-py3-none-any.whl": ["google/__init__.py"]})
    index.put("yaml", {"yaml-1-py3-none-any.whl": ["yaml/__init__.py"]})
    index.put("stray", {"stray-1-py3-none-any.whl": ["yaml/data/__init__.py"]})

    assert generated({"cloud": 100, "yaml": 90, "google": 5, "stray": 3}) == [
        "google.cloud cloud",
        "yaml yaml",
    ]


def test_names_that_look_like_popular_ones(index, generated):
    """A slip of the keyboard for what is downloaded a thousand times as often is not known."""
    names = ["requests", "request", "reqeusts", "requestss", "grequests", "request2"]
    for name in names:
        index.put(name, {f"{name}-1-py3-none-any.whl": [f"{name}.py"]})

    lines = generated({name: 5000 if name == "requests" else 5 for name in names})

    assert lines == ["requests requests", "grequests grequests", "request2 request2"]
