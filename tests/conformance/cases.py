"""Runs conformance cases against an endpoint, and prints the verdicts as JSON.

A process of its own: kosoku runs on asyncio, and our endpoints on trio.
"""

import asyncio
import json
import os
import sys

import kosoku
from kosoku._kosoku import CaseResult

QUICK = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*")
LARGE = ("9.*",)
"""Of many megabytes: each has 20 seconds, and needs the machine to itself for that."""


async def run(url: str) -> list[tuple[str, str, str, str]]:
    """Return each case's number, its verdicts on messages and close, and why."""
    results: list[CaseResult] = []
    for cases, concurrency in ((QUICK, 4), (LARGE, 1)):
        try:
            results += await kosoku.run_fuzzingclient(
                url, cases, concurrency=concurrency
            )
        except kosoku.FailureError as failure:
            results += failure.results
    return [
        (
            result.case_id,
            result.behavior.value,
            result.behavior_close.value,
            f"{result.result} {result.result_close}",
        )
        for result in results
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run(sys.argv[1]))))
    sys.stdout.flush()
    # kosoku's own threads outlive the loop: one process in eight would be aborted when
    # the interpreter ends under them.
    os._exit(0)
