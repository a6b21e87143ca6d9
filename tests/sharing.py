"""How the tests are shared among the workers of pytest-xdist: file by file, so that what a file sets up is set up once.

The longest files come first, lest one of them begins when all others are through; what takes long and sets up little is in parts.
"""

from __future__ import annotations

import zlib

from xdist.scheduler import LoadScopeScheduling

LONGEST = (
    "tests/files/test_hostile.py",
    "tests/test_injection.py",
    "tests/test_faults.py",
    "tests/files/test_corpus.py",
    "tests/test_consoles.py",
    "tests/test_cli.py",
    "tests/files/test_familiar.py",
    "tests/test_sample_county.py",
)
"""Half a minute and more each, by `--durations=50` on two cores."""

_PARTS = {"tests/files/test_hostile.py": 4, "tests/files/test_corpus.py": 4}


def turn(nodeid: str) -> int:
    """When a test's file begins: the longest first, all others behind them in their order."""
    file = nodeid.partition("::")[0]
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)


class ByFile(LoadScopeScheduling):
    """Hands a worker a file, or a part of one, at a time, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        parts: int = _PARTS.get(file, 1)
        return f"{file} {zlib.crc32(nodeid.encode()) % parts}"
