"""RFC 6455 to the letter: Autobahn's cases, which kosoku runs, on both paths.

Sections 8 (which is empty), 12 and 13 (compression, which neither path offers) are left
out.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.util import find_spec

import pytest
import trio

from tests.conformance import echo
from tests.faults.processes import ROOT
from tests.long import LONG

NUMBER = 301
"""How many that are, so that none can be left out unnoticed."""
FINE = {"OK", "NON-STRICT", "INFORMATIONAL"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("kosoku") is None,
        reason="kosoku, which runs the cases, has no wheel for this platform",
    ),
]


@pytest.mark.parametrize(
    "serving",
    # The library's own frames, a minute of them, only where there is time.
    [echo.fast, *([echo.portable] if LONG else [])],
    ids=lambda serving: serving.__name__,
)
async def test_no_case_fails(
    serving: Callable[[], AbstractAsyncContextManager[str]],
) -> None:
    async with serving() as url:
        ran = await trio.run_process(
            [sys.executable, "-m", "tests.conformance.cases", url],
            cwd=ROOT,
            capture_stdout=True,
        )
    verdicts: list[tuple[str, str, str, str]] = json.loads(ran.stdout)
    counts = Counter(behavior for _, behavior, _, _ in verdicts)
    sys.stdout.write(f"{len(verdicts)} cases: {dict(counts)}\n")
    bad = [each for each in verdicts if not {each[1], each[2]} <= FINE]
    assert bad == []
    assert len(verdicts) == NUMBER
