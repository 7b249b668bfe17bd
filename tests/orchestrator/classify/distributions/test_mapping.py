"""Which distribution an import asks for, where no metadata says so."""

from __future__ import annotations

import pytest

from orchestrator.classify.distributions.mapping import imports, known_names


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("yaml", "PyYAML"),
        ("cv2", "opencv-python"),
        ("sklearn", "scikit-learn"),
        ("PIL", "pillow"),
        ("bs4", "beautifulsoup4"),
        ("dateutil", "python-dateutil"),
        ("dotenv", "python-dotenv"),
        ("jwt", "PyJWT"),
        ("google.protobuf", "protobuf"),
        ("multipart", "python-multipart"),
        ("attr", "attrs"),
        ("serial", "pyserial"),
        ("Crypto", "pycryptodome"),
        ("MySQLdb", "mysqlclient"),
        ("psycopg2", "psycopg2-binary"),
        ("oauth2_provider", "django-oauth-toolkit"),
        ("_cffi_backend", "cffi"),
        ("pkg_resources", "setuptools"),
        ("win32api", "pywin32"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("google.cloud.storage.blob", "google-cloud-storage"),
    ],
)
def test_import_names(module, distribution):
    """The generated mapping knows the names that differ, the likeliest first."""
    assert known_names(module)[0] == distribution


@pytest.mark.parametrize("junk", ["tests", "docs", "examples", "setup", "utils", "google", "zope"])
def test_no_junk_among_import_names(junk):
    """Names that say nothing of who brings them, and namespaces, are left out."""
    assert junk not in imports().modules


@pytest.mark.parametrize("name", ["activehomed", "zzyzx", "utils", "google", "panda"])
def test_what_only_somebody_unknown_brings(name):
    """Nobody popular does: no name to install."""
    assert known_names(name) == ()
