from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from conftest_kit import reading
from conftest_kit.records import Attempt, Distribution, Failure, Frame, Raised, Recording, Run
from orchestrator import archive
from orchestrator.errors import UnreadableInput
from orchestrator.redact import Redactor

PASSWORD = "hunt" + "er2"
RUN_ID = "20260101T000000.000000Z-0badcafe"
REDACTOR = Redactor()
STARTED = "2026-01-01T00:00:00.000000Z"
STARTED_SECONDS = 1_767_225_600

RECORDING = REDACTOR.redact_recording(
    Recording(
        run=Run(
            run_id=RUN_ID,
            state="died",
            started=STARTED,
            exit_code=1,
            command=("pytest",),
            counts={"failed": 1, "passed": 1},
        ),
        attempts=(
            Attempt(nodeid="t.py::a", outcome="passed", durations={"call": 0.1}, started=STARTED),
            Attempt(nodeid="t.py::b", outcome="rerun", attempt=1),
        ),
        failures=(
            Failure(
                nodeid="t.py::b",
                phase="call",
                message=f"password='{PASSWORD}' \ud83d is wrong".encode(
                    "utf-8", "replace"
                ).decode(),
                exceptions=(
                    Raised(type="E", frames=(Frame(file="t.py", line=1, function="b"),)),
                    Raised(type="G", relation="cause", members=((Raised(type="E"),),)),
                ),
                captured={"stdout": "hällo\n"},
            ),
        ),
        in_flight=("t.py::b",),
        distributions=(Distribution(name="x", version="1", requires=("y>1",)),),
    )
)


@pytest.fixture
def project(tmp_path):
    """A project with a run directory that holds artifacts."""
    run_directory = tmp_path / "logs" / "runs" / RUN_ID
    put(run_directory / "artifacts" / "b" / "app.log", f"token\npassword={PASSWORD}\n".encode())
    put(run_directory / "artifacts" / "b" / "shot.png", b"\x89PNG\r\n\x1a\n\x00\x00")
    return tmp_path


def put(path: Path, content: bytes = b"x") -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def archived(project: Path, name: str = "a.tar.gz", **options) -> archive.Archived:
    """The archive of the project's run."""
    return archive.write(
        project / "logs" / "archive" / name,
        **{
            "recording": RECORDING,
            "run_directory": project / "logs" / "runs" / RUN_ID,
            "root": project,
            "redactor": REDACTOR,
            **options,
        },
    )


def members(path: Path) -> dict[str, bytes]:
    """Name and content of all members, without the folder."""
    with tarfile.open(path) as tar:
        return {
            member.name.removeprefix(f"{RUN_ID}/"): tar.extractfile(member).read() for member in tar
        }


def test_an_unpacked_archive_is_a_run_directory(project, tmp_path):
    """The kit reads back exactly the redacted recording."""
    with tarfile.open(archived(project).path) as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")

    assert reading.read(tmp_path / "unpacked" / RUN_ID) == RECORDING


def test_content_and_manifest(project):
    """Record, log and artifacts, each listed with size and digest, texts without secrets."""
    result = archived(project)

    found = members(result.path)
    manifest = json.loads(found.pop("manifest.json"))
    assert sorted(found) == [
        "artifacts/b/app.log",
        "artifacts/b/shot.png",
        "distributions.json",
        "pytest.log",
        "records.ndjson",
        "run.json",
    ]
    assert all(PASSWORD.encode() not in content for content in found.values())
    assert found["artifacts/b/app.log"] == b"token\npassword=[redacted:password]\n"
    assert b"t.py::b" in found["pytest.log"]
    assert manifest["members"] == [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(found.items())
    ]
    assert [artifact.name for artifact in result.artifacts] == sorted(found)
    assert result.unscanned == ("artifacts/b/shot.png",)
    assert manifest["unscanned"] == ["artifacts/b/shot.png"]


def test_the_same_input_gives_the_same_bytes(project):
    """Whatever the time, the name of the file, or the times, modes and order of the artifacts."""
    first = archived(project)
    for path in (project / "logs" / "runs" / RUN_ID / "artifacts" / "b").iterdir():
        path.write_bytes(path.read_bytes())
        os.utime(path, (1, 1))
        path.chmod(0o640)

    second = archived(project, "b.tar.gz")

    assert first.path.read_bytes() == second.path.read_bytes()
    with tarfile.open(first.path) as tar:
        assert {(m.mtime, m.mode, m.uid, m.gid, m.uname, m.gname, m.type) for m in tar} == {
            (STARTED_SECONDS, 0o600, 0, 0, "", "", tarfile.REGTYPE)
        }


def test_binary_files_stay_out_of_a_shared_archive(project):
    """They cannot be searched for secrets; the result and the manifest say so."""
    result = archived(project, include_binary=False)

    found = members(result.path)
    assert "artifacts/b/shot.png" not in found
    assert result.unscanned == ()
    assert result.left_out == (
        "artifacts/b/shot.png is not in the archive: it is binary and cannot be searched for secrets",
    )
    assert json.loads(found["manifest.json"])["left_out"] == [
        {
            "name": "artifacts/b/shot.png",
            "reason": "it is binary and cannot be searched for secrets",
        }
    ]


@pytest.mark.parametrize(("age", "expected"), [(-1, False), (0, True), (60, True)])
def test_coverage_pages_of_this_run_only(project, age, expected):
    """`htmlcov/` is archived when its index was written after the run began."""
    put(project / "htmlcov" / "z_app.html", b"<p>x</p>")
    index = put(project / "htmlcov" / "index.html", b"<p>90%</p>")
    os.utime(index, (STARTED_SECONDS + age,) * 2)

    found = members(archived(project).path)

    assert ("htmlcov/index.html" in found) is expected
    assert ("htmlcov/z_app.html" in found) is expected


def test_files_that_the_settings_name(project):
    """Files, folders and patterns below the project; nothing else."""
    put(project / "shots" / "1.txt")
    put(project / "shots" / "deep" / "2.txt")
    put(project / "app.log")

    result = archived(
        project, extra=("shots", "*.log", "../x", "/etc/passwd", "no*thing", "logs/runs")
    )

    assert {name for name in members(result.path) if name.startswith("files/")} == {
        "files/app.log",
        "files/shots/1.txt",
        "files/shots/deep/2.txt",
    }
    assert [line.partition(" is not")[0] for line in result.left_out] == [
        "x",
        "etc/passwd",
        "files/logs/runs",
    ]


def test_links_devices_and_sockets_are_not_followed(project, tmp_path_factory):
    """They may lead anywhere, or never end."""
    outside = put(tmp_path_factory.mktemp("outside") / "secret.txt", b"do not read")
    folder = project / "logs" / "runs" / RUN_ID / "artifacts"
    (folder / "link").symlink_to(outside)
    (folder / "folder-link").symlink_to(outside.parent)
    (project / "out").symlink_to(outside.parent)
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)
        server.bind("socket")

        result = archived(project, extra=("out", "out/*"))

    assert not any("link" in name or "out/" in name for name in members(result.path))
    assert sorted(line.partition(" is not")[0] for line in result.left_out) == [
        "artifacts/folder-link",
        "artifacts/link",
        "artifacts/pipe",
        "artifacts/socket",
        "files/out",
        "files/out/secret.txt",
    ]


def test_names_of_members_are_safe(project):
    """No controls, no secrets, nothing that Windows forbids, no two alike."""
    folder = project / "logs" / "runs" / RUN_ID / "artifacts"
    for name in ("a\x1b[1m.txt", "c:\\x.txt", "c__x.txt", f"password={PASSWORD}.txt", "..\\up"):
        put(folder / name)

    found = members(archived(project).path)

    assert sorted(
        name for name in found if name.startswith("artifacts/") and "/b/" not in name
    ) == [
        "artifacts/.._up",
        "artifacts/a_[1m.txt",
        "artifacts/c__x.txt",
        "artifacts/c__x.txt~",
        "artifacts/password=[redacted_password]",
    ]


def test_what_is_too_large_is_named(project):
    """Record and log are in whatever their size, other files as long as there is room."""
    put(project / "big.txt", b"y" * 3000)
    put(project / "small.txt", b"z" * 10)

    result = archived(project, extra=("big.txt", "small.txt"), max_bytes=5000)

    found = members(result.path)
    assert "files/small.txt" in found
    assert "run.json" in found
    assert [line.partition(" bytes")[0] for line in result.left_out] == [
        "files/big.txt is not in the archive: it has 3000"
    ]


def test_only_the_owner_reads_it_and_nothing_half_is_left(project):
    """Mode 0600 in a folder of mode 0700, and no temporary file when writing fails."""
    result = archived(project)
    with pytest.raises(AttributeError):
        archived(project, "broken.tar.gz", redactor=replace(REDACTOR, detector=None))

    folder = result.path.parent
    assert result.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["a.tar.gz"]


def test_the_oldest_archives_go_first(tmp_path):
    """Until all fit; the one that was just written stays."""
    for number in range(5):
        put(tmp_path / f"2026010{number}.tar.gz", b"x" * 100)
    put(tmp_path / "notes.txt", b"x" * 1000)

    removed = archive.prune(tmp_path, max_bytes=250, keep=tmp_path / "20260100.tar.gz")

    assert removed == ("20260101.tar.gz", "20260102.tar.gz", "20260103.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "20260100.tar.gz",
        "20260104.tar.gz",
        "notes.txt",
    ]
    assert archive.prune(tmp_path / "nowhere", max_bytes=1) == ()


def row(name: str, content: bytes, path: Path) -> dict[str, object]:
    """What the memory holds of a member."""
    digest = hashlib.sha256(content).hexdigest()
    return {"run_id": RUN_ID, "name": name, "sha256": digest, "archive": str(path)}


def test_a_text_is_read_back(project, tmp_path):
    """As it was archived; where the memory says that the archive was, on whichever machine."""
    put(project / "out" / "a.txt", "grün\n".encode())
    path = archived(project, extra=("out",)).path
    known = row("files/out/a.txt", "grün\n".encode(), Path("/elsewhere") / path.name)

    assert archive.read_text(path.parent, known) == "grün\n"


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        (tarfile.SYMTYPE, b"", "does not hold 'a.txt' as it was archived"),
        (tarfile.REGTYPE, b"exchanged", "does not hold 'a.txt' as it was archived"),
        (tarfile.REGTYPE, b"\x00\x01", "'a.txt' is binary (2 bytes)"),
    ],
)
def test_what_was_not_archived_is_not_read(tmp_path, kind, content, said):
    """No link is followed, nothing that was exchanged is told of, no binary is a text."""
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(f"{RUN_ID}/a.txt")
        member.type, member.linkname, member.size = kind, "/etc/passwd", len(content)
        tar.addfile(member, io.BytesIO(content))
    expected = content if content == b"\x00\x01" else b"original"

    with pytest.raises(UnreadableInput) as refused:
        archive.read_text(tmp_path, row("a.txt", expected, path))

    assert said in str(refused.value)


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_an_archive_that_is_not_there(tmp_path, content):
    """Missing, empty or damaged: one message."""
    path = tmp_path / "x.tar.gz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UnreadableInput) as refused:
        archive.read_text(tmp_path, row("a.txt", b"", path))

    assert "cannot be read" in str(refused.value)
