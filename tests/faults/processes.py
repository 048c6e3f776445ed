"""Processes that hold things, and die."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def another_process(program: str, *arguments: str) -> Generator[subprocess.Popen[str]]:
    """Run a Python program of this project; at the end it is killed with SIGKILL."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()


def next_line(process: subprocess.Popen[str]) -> str:
    """Return what the process says next; empty once it has died."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
