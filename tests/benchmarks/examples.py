"""Results as the load generator could have made them."""

from benchmarks.readings import Machine, Quantiles, Reading, Results, Run, Talk, Thread

PID = 100


def talked(
    peer: str,
    *,
    number: int = 0,
    load: str = "talk-200",
    cpu_s: float = 1.0,
    sent: int = 10_000,
    delivered: int = 10_000,
    missing: int = 0,
    misordered: int = 0,
) -> Run:
    """Return a run, right unless something is `missing` or `misordered`."""
    times = Quantiles(0.5, 2.0, 3.0)
    talk = Talk(
        wall_s=2.0,
        sent=sent,
        delivered=delivered,
        acknowledged=sent,
        server_cpu_s=cpu_s,
        client_cpu_s=0.2,
        lateness_ms=0.1,
        delivery_ms=times,
        ack_ms=times,
        threads=(Thread(PID, cpu_s * 0.7), Thread(101, cpu_s * 0.3), Thread(102, 0.0)),
        missing=missing,
        unacknowledged=0,
        misrouted=0,
        misordered=misordered,
        errors=0,
    )
    reading = Reading(400, 0.1, 0.1, 10_000, 20_000, talk)
    return Run(number, load, peer, 1.5, PID, reading)


def results(*runs: Run) -> Results:
    """Return the results of these runs."""
    machine = Machine("A processor", 2, 24.0, "Linux", "3.11.7")
    return Results(
        "2026-11-22",
        2,
        quick=False,
        machine=machine,
        versions={"ws": "8"},
        skipped={},
        runs=runs,
    )
