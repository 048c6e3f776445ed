"""`python -m tests.soak`: base load for half an hour, and what has grown meanwhile."""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import trio

from clients.load.workers import ROOT
from tests.soak.judging import Sample, Verdict, judged
from tests.system.process import Keys, Process, furnish

EVERY_S = 5.0
"""Seconds between two samples."""
CONFIG = '[limits]\ntrusted_networks = ["127.0.0.0/8"]\n'


def main() -> None:
    """Run it, print the table; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--chats", type=int, default=300)
    parser.add_argument("--agents", type=int, default=10)
    parser.add_argument("--rate", default="50/s", help="messages of all together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write what was measured there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shopwire-soak-") as place:
        samples, report = trio.run(soak, Path(place), asked)
    p99 = [each["send_p99"] for each in report["seconds"]]
    verdict = judged(samples, p99)
    sys.stdout.write("\n".join(table(samples, report, verdict)) + "\n")
    if asked.json is not None:
        said = {"samples": samples, "verdict": verdict, "load": report}
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(said)))
    sys.exit(1 if verdict.wrong or report["exit"] else 0)


async def soak(
    folder: Path, asked: argparse.Namespace
) -> tuple[list[Sample], dict[str, Any]]:
    """Serve, load, and look; return what was seen, and the report of the load."""
    data = folder / "data"
    agents = [f"agent-{n}" for n in range(asked.agents)]
    keys = await furnish(data, *agents)
    (data / "shopwire.toml").write_text(CONFIG)
    people = folder / "people.jsonl"
    people.write_bytes(b"".join(_people(keys, agents, asked.chats)))
    with Process(data) as process:
        await process.start()
        samples: list[Sample] = []
        over = threading.Event()
        looking = threading.Thread(target=_look, args=(process, samples, over))
        looking.start()
        try:
            await trio.to_thread.run_sync(_load, process.url, people, folder, asked)
        finally:
            over.set()
            looking.join()
        process.send(signal.SIGTERM)
        assert await process.end() == 0
    return samples, msgspec.json.decode((folder / "report.json").read_bytes())


def _people(keys: Keys, agents: list[str], chats: int) -> list[bytes]:
    subs = [("agent", each) for each in agents]
    subs += [("shopper", f"shopper-{n}") for n in range(chats)]
    return [
        msgspec.json.encode({"role": role, "sub": sub, "token": keys.token(role, sub)})
        + b"\n"
        for role, sub in subs
    ]


def _load(url: str, people: Path, folder: Path, asked: argparse.Namespace) -> None:
    words = [sys.executable, "-m", "broker", "load"]
    words += ["--url", url.replace("http", "ws", 1) + "/ws", "--tokens", str(people)]
    words += ["--chats", str(asked.chats), "--agents", str(asked.agents)]
    words += ["--rate", asked.rate, "--duration", f"{asked.minutes * 60:g}s"]
    words += ["--seed", str(asked.seed), "--json", str(folder / "report.json")]
    subprocess.run(words, cwd=ROOT, check=False, capture_output=True)


def _look(process: Process, samples: list[Sample], over: threading.Event) -> None:
    """Take a sample every few seconds."""
    began = time.monotonic()
    while not over.wait(EVERY_S):
        samples.append(_sample(process, time.monotonic() - began))


def _sample(process: Process, at: float) -> Sample:
    proc, journal = Path("/proc") / str(process.pid), process.folder / "journal.db"
    lines = (proc / "status").read_text().splitlines()
    status = {name: value for name, _, value in (x.partition(":") for x in lines)}
    return Sample(
        at=at,
        resident=int(status["VmRSS"].split()[0]) * 1024,
        files=len(list((proc / "fd").iterdir())),
        threads=int(status["Threads"]),
        wal=journal.with_name("journal.db-wal").stat().st_size,
        journal=journal.stat().st_size,
    )


def table(samples: list[Sample], report: dict[str, Any], verdict: Verdict) -> list[str]:
    """Return the lines that are printed."""
    lines = ["   time  memory MiB  files  threads  WAL MiB  journal MiB"]
    lines += [
        f"{each.at / 60:4.0f} min  {each.resident / 2**20:10.1f}  {each.files:5}"
        f"  {each.threads:7}  {each.wal / 2**20:7.1f}  {each.journal / 2**20:11.1f}"
        for each in samples[:: max(1, len(samples) // 10)]
    ]
    lines += [
        f"memory beside the file's pages: {verdict.slope_mib_h:+.1f} MiB an hour",
        f"p99: {verdict.p99.first:.1f} ms at first, {verdict.p99.last:.1f} at last",
        f"load: {report['why']}",
        *(f"wrong: {each}" for each in verdict.wrong),
        "it held" if not verdict.wrong and not report["exit"] else "it did not hold",
    ]
    return lines


if __name__ == "__main__":
    main()
