from pathlib import Path

import httpx
import pytest

from broker.config import (
    Config,
    LimitsConfig,
    MetricsConfig,
    ServerConfig,
    StorageConfig,
)
from broker.metrics import PREFIX
from tests.broker.http.web import Web, asked, refusal

PROC = Path("/proc/self/stat")
TOKEN = "a token for the metrics"


async def test_healthz_says_that_the_process_lives(web: Web) -> None:
    for method in ("GET", "HEAD"):
        assert (await web.client.request(method, "/healthz")).status_code == 200


async def test_readyz_says_how_durable_writes_are(web: Web) -> None:
    ready = await web.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "durability": "full"}


@pytest.mark.slow
async def test_readyz_states_a_relaxed_durability(tmp_path: Path) -> None:
    relaxed = Config(storage=StorageConfig(durability="relaxed"))
    async with asked(tmp_path, relaxed) as web:
        ready = await web.client.get("/readyz")
    assert (ready.status_code, ready.json()["durability"]) == (200, "relaxed")


async def test_readyz_fails_while_the_broker_drains(web: Web) -> None:
    # On the connection that is there: a broker that drains lets in no other.
    await web.client.get("/readyz")
    web.shop.broker.draining = True
    try:
        ready = await web.client.get("/readyz")
    finally:
        web.shop.broker.draining = False
    assert refusal(ready) == (503, "shutting_down")
    assert ready.json()["ready"] is False


async def test_readyz_fails_while_the_disk_takes_no_writes(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.shop.broker.journal._writer, "writable", False)
    assert refusal(await web.client.get("/readyz")) == (503, "unavailable")


async def test_version_names_the_program(web: Web) -> None:
    got = await web.client.get("/version")
    version = web.shop.broker.house.version
    assert got.json() == {"name": "shopwire", "version": version}


def figures(metrics: httpx.Response) -> dict[str, float]:
    assert metrics.status_code == 200
    assert metrics.headers["content-type"].startswith("text/plain; version=")
    assert metrics.headers["content-type"].count("charset") == 1
    lines = [line for line in metrics.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.split() for line in lines)}


async def test_metrics_count_what_happens(web: Web) -> None:
    before = figures(await web.client.get("/metrics"))
    sara = await web.shop.shopper()
    ann = await web.shop.agent()
    started = await sara.ask("chat.start", text="hello")
    await ann.ask("chat.open", chat=started["chat"])
    await ann.ask("msg.send", chat=started["chat"], text="hi")
    after = figures(await web.client.get("/metrics"))
    assert before["shopwire_connections"] == 0
    assert after["shopwire_connections"] == 2
    assert after["shopwire_chats_active"] == 1
    published = after["shopwire_events_published_total"]
    assert published - before["shopwire_events_published_total"] >= 5
    assert after["shopwire_commits_total"] > before["shopwire_commits_total"]
    assert after["shopwire_oldest_wait_seconds"] == 0


async def test_metrics_count_what_was_resumed_repeated_and_refused(web: Web) -> None:
    sara = await web.shop.shopper()
    started = await sara.ask("chat.start", text="hello", id="once")
    await sara.ask("chat.start", text="hello", id="once")
    await sara.ask("msg.send", chat=started["chat"], text=" ")
    await web.shop.shopper(resume={"chats": {started["chat"]: 0}})
    after = figures(await web.client.get("/metrics"))
    for name in ("resumes", "repeats"):
        assert after[f"shopwire_{name}_total"] == 1
    assert after['shopwire_refusals_total{code="bad_frame"}'] == 1


async def test_metrics_tell_how_long_commits_and_fan_out_take(web: Web) -> None:
    sara = await web.shop.shopper()
    await sara.ask("chat.start", text="hello")
    text = (await web.client.get("/metrics")).text
    for name in ("commit_duration_seconds", "fan_out_seconds"):
        lines = [line for line in text.splitlines() if line.startswith(PREFIX + name)]
        values = [float(line.split()[1]) for line in lines]
        *below, number, seconds = values
        assert below == sorted(below)
        assert number == below[-1] > 0
        assert 0 < seconds < 60


async def test_metrics_tell_how_long_the_longest_waits(web: Web) -> None:
    sara = await web.shop.shopper()
    await sara.ask("chat.start", text="hello")
    after = figures(await web.client.get("/metrics"))
    assert after["shopwire_oldest_wait_seconds"] > 0
    assert after["shopwire_checkins_overdue"] == 0


@pytest.mark.slow
async def test_metrics_are_for_this_machine_its_networks_and_who_has_the_token(
    tmp_path: Path,
) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    config = Config(
        limits=LimitsConfig(trusted_networks=("10.0.0.0/8",)),
        metrics=MetricsConfig(token=TOKEN),
    )
    async with asked(tmp_path, config) as web:
        get = web.client.get
        assert (await get("/metrics")).status_code == 200
        # A proxy on this machine speaks for everybody.
        assert refusal(await get("/metrics", headers=proxied)) == (403, "forbidden")
        wrong = proxied | {"Authorization": f"Bearer {TOKEN}!"}
        assert refusal(await get("/metrics", headers=wrong)) == (403, "forbidden")
        right = proxied | {"Authorization": f"Bearer {TOKEN}"}
        assert (await get("/metrics", headers=right)).status_code == 200


async def test_every_answer_tells_browsers_to_be_careful(web: Web) -> None:
    for path in ("/healthz", "/no/such/page", "/v1/sites/default/settings"):
        headers = (await web.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in headers
        assert "server" not in headers


@pytest.mark.slow
async def test_behind_https_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    config = Config(server=ServerConfig(public_url="https://chat.example"))
    async with asked(tmp_path, config) as web:
        headers = (await web.client.get("/healthz")).headers
    assert headers["strict-transport-security"].startswith("max-age=")


async def test_the_api_is_described_by_itself(web: Web) -> None:
    described = (await web.client.get("/schema/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    put = described["paths"]["/v1/sites/{site}/settings"]["put"]
    assert put["security"] == [{"bearer": []}]
    statuses = {"200", "400", "401", "403", "404", "408", "409", "413", "503"}
    assert set(put["responses"]) == statuses
    for status, answer in put["responses"].items():
        schema = answer["content"]["application/json"]["schema"]["$ref"]
        assert schema.endswith("/Problem") == (status != "200")
    assert "check_in" in described["components"]["schemas"]["Settings"]["properties"]


@pytest.mark.skipif(not PROC.exists(), reason="it is read from /proc")
async def test_metrics_name_what_the_process_uses_as_prometheus_does(web: Web) -> None:
    got = await web.client.get("/metrics")
    figures = dict(line.rsplit(" ", 1) for line in got.text.splitlines())
    assert float(figures["process_cpu_seconds_total"]) > 0
    assert float(figures["process_resident_memory_bytes"]) > 1024**2
    assert float(figures["process_open_fds"]) > 3


async def test_each_figure_is_told_once(web: Web) -> None:
    # Prometheus takes nothing at all of a page that tells one twice.
    lines = (await web.client.get("/metrics")).text.splitlines()
    told = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert sorted(told) == sorted(set(told))
