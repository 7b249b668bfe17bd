"""The smallest failure that shows what a rule is about, for those of `resource.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import SHOP, one

CASES = {
    "out-of-memory": one("MemoryError", "", SHOP),
    "out-of-memory-errno": one("OSError", "", SHOP, attributes={"errno": 12}),
    "disk-full": one("OSError", "", SHOP, attributes={"errno": 28}),
    "too-many-files": one("OSError", "", SHOP, attributes={"errno": 24}),
    "out-of-handles": one("OSError", "out of pty devices", SHOP),
    "no-room-for-a-library": one(
        "ImportError", "libx.so: failed to map segment from shared object", SHOP
    ),
    "too-many-threads": one("RuntimeError", "can't start new thread", SHOP),
    "segmentation-fault": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 139}}),
    "segmentation-fault-said": ([], {"phase": "crash", "message": "ended by signal 11 (SIGSEGV)"}),
    "killed": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 137}}),
    "ended-from-outside": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 143}}),
    "crash": ([], {"phase": "crash", "message": "worker 'gw0' crashed while running 'x'"}),
    "too-many-processes": one(
        "BlockingIOError",
        "[Errno 11] Resource temporarily unavailable",
        SHOP,
        "std/subprocess.py:9:_execute_child",
        attributes={"errno": 11},
    ),
    "database-full": one("sqlite3.OperationalError", "database or disk is full", SHOP),
    "child-killed": one(
        "subprocess.CalledProcessError", "died", SHOP, attributes={"returncode": -9}
    ),
    "child-crashed": one(
        "subprocess.CalledProcessError", "died", SHOP, attributes={"returncode": -11}
    ),
    "pool-died": one("concurrent.futures.process.BrokenProcessPool", "terminated abruptly", SHOP),
}
