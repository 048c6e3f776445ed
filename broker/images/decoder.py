"""The process that reads images, seen from the broker: one, started when needed.

Whatever it does to itself, it does to nobody else: it is killed when it takes too long,
and a new one takes its place.
"""

import contextlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import trio

PROGRAM = Path(__file__).with_name("worker.py")
JOB_S = 20.0
"""Seconds for one image: the largest take some five on a slow machine."""
IDLE_S = 60.0
"""Seconds after which an idle process is let go of, with its 40 MB."""
LINE_BYTES = 4096
"""Of an answer: more is none of ours."""
TAKEN_OVER = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""Of our environment, which may hold secrets, no more than these."""

log = logging.getLogger(__name__)


class Picture(msgspec.Struct, frozen=True):
    """What was written."""

    width: int
    height: int


class Spoiled(msgspec.Struct, frozen=True):
    """Nothing was written that could be used."""

    reason: str


class _Answer(msgspec.Struct, frozen=True):
    width: int = 0
    height: int = 0
    reason: str = ""


class Decoder:
    """Answers one question at a time; the others wait in line."""

    def __init__(self) -> None:
        self._line = trio.Lock()
        self._process: trio.Process | None = None
        self._used = 0.0
        self.killed = 0
        """How many had to be killed."""

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return None if self._process is None else self._process.pid

    async def clean(self, source: Path, target: Path, mime: str) -> Picture | Spoiled:
        """Write the pixels of `source`, an image of this kind, to `target`.

        Raises:
            OSError: no process can be started.
        """
        async with self._line:
            process = await self._ready()
            asked = {"source": str(source), "target": str(target), "mime": mime}
            answer = None
            try:
                with trio.move_on_after(JOB_S):
                    answer = await _asked(process, json.dumps(asked).encode() + b"\n")
            finally:
                self._used = trio.current_time()
                if answer is None:
                    # Dead, stuck, or abandoned: of no use to the next in line.
                    self.killed += 1
                    await self.close()
            if answer is None:
                log.warning("an image took too much to read; its reader was ended")
                return Spoiled("takes too much to read")
            if answer.reason:
                return Spoiled(answer.reason)
            return Picture(answer.width, answer.height)

    async def rest(self) -> None:
        """Let go of a process that nobody has needed for a while."""
        idle = trio.current_time() - self._used > IDLE_S
        if idle and not self._line.locked():
            await self.close()

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with trio.CancelScope(shield=True):
            if process.stdio is not None:
                await process.stdio.aclose()
            await process.wait()

    async def _ready(self) -> trio.Process:
        process = self._process
        if process is not None and process.poll() is None:
            return process
        await self.close()
        environment = {
            name: os.environ[name] for name in TAKEN_OVER if name in os.environ
        }
        self._process = process = await trio.lowlevel.open_process(
            [sys.executable, "-I", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            # A Ctrl-C at the terminal is for the broker, which ends it.
            start_new_session=True,
        )
        return process


async def _asked(process: trio.Process, question: bytes) -> _Answer | None:
    """Return what `process` answers, or `None` if it does not."""
    pipe, answer = process.stdio, b""
    if pipe is None:
        return None
    with contextlib.suppress(trio.BrokenResourceError, msgspec.MsgspecError):
        await pipe.send_all(question)
        while not answer.endswith(b"\n") and len(answer) < LINE_BYTES:
            piece = await pipe.receive_some(LINE_BYTES)
            if not piece:
                return None
            answer += piece
        return msgspec.json.decode(answer, type=_Answer)
    return None
