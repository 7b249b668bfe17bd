"""The smallest failure that shows what a rule is about, for those of `timeout.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import LIBRARY, SHOP, STOPPED, TEST, one

CASES = {
    "timeout-said": one("AssertionError", "timed out waiting for the cart", TEST),
    "pytest-timeout": one("Failed", "Timeout (>1.0s) from pytest-timeout.", TEST, STOPPED),
    "size-limit": ([], {"phase": "call", "message": "[TC006] Timing Violation\nTest: a.py::b"}),
    "deadline": one("hypothesis.errors.DeadlineExceeded", "", TEST),
    "process-timeout": one("subprocess.TimeoutExpired", "", SHOP),
    "remote-timeout": one("httpx.ReadTimeout", "", SHOP, bases=("httpx.TimeoutException",)),
    "timeout": one("TimeoutError", "", SHOP),
    "timeout-named": one("webframe.FutureTimeoutError", "", TEST, LIBRARY),
    "timeout-exit": (
        [],
        {
            "phase": "crash",
            "message": "died",
            "plugins": {"pytest-timeout": "2.4.0"},
            "run": {"state": "died", "exit_code": 1},
        },
    ),
    "crash-timeout": ([], {"phase": "crash", "message": "+++ Timeout +++"}),
    "alarm": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 142}}),
    "faulthandler-timeout": (
        [],
        {"phase": "crash", "message": "died", "text": "Timeout (0:00:01)!\nThread 0x1"},
    ),
    "too-slow-asserted": one(
        "AssertionError", "assert 0.61 < 0.2", TEST, source="assert elapsed < 0.2"
    ),
}
