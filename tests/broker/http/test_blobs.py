import itertools
import os
import stat
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker.addresses import Addresses, Caller
from broker.http import shell
from broker.http.application import HttpApplication
from broker.http.routes import blobs as routes
from broker.images import decoder, gallery
from broker.images.gallery import MOST_BYTES, Gallery
from broker.metrics import registry, written
from storage import blobs
from tests.broker.http.web import Web, refusal
from tests.broker.images.corpus import IMAGES, NO_IMAGES, SECRET, opened, png, png_of
from tests.system.client import Client

SITE = "/v1/sites/default/blobs"
PNG = png()


async def sent(
    web: Web,
    path: str,
    content: bytes = PNG,
    *,
    who: str = "shopper:sara",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    role, _, sub = who.partition(":")
    token = await web.bearer(role, sub)
    headers = token | {"Content-Type": "image/png"} | (headers or {})
    return await web.client.post(path, content=content, headers=headers)


async def fetched(
    web: Web, blob: str, *, who: str = "shopper:sara", **more: str
) -> httpx.Response:
    role, _, sub = who.partition(":")
    headers = await web.bearer(role, sub) | more
    return await web.client.get(f"/v1/blobs/{blob}", headers=headers)


async def uploaded(
    web: Web, path: str = SITE, content: bytes = PNG, *, who: str = "shopper:sara"
) -> str:
    answer = await sent(web, path, content, who=who)
    assert answer.status_code == 201, answer.text
    blob: str = answer.json()["blob"]
    return blob


def the_gallery(web: Web) -> Gallery:
    application = web.shop.broker.front._application
    assert isinstance(application, HttpApplication)
    return application.gallery


def kept(web: Web) -> list[Path]:
    folder = web.shop.broker.folder / "blobs"
    return [path for path in folder.rglob("*") if path.is_file()]


async def begun(web: Web, sub: str = "sara") -> tuple[Client, str]:
    client = await web.shop.shopper(sub)
    chat: str = (await client.ask("chat.start", text="hello"))["chat"]
    return client, f"/v1/chats/{chat}/blobs"


def chat_in(path: str) -> str:
    return path.split("/")[3]


async def test_an_image_goes_from_the_shopper_to_the_agent(web: Web) -> None:
    sara, path = await begun(web)
    answer = await sent(web, path, IMAGES["jpeg with notes"])
    told = answer.json()
    assert answer.status_code == 201
    assert told | {"mime": "image/jpeg", "width": 64, "height": 48} == told
    said = await sara.ask("msg.send", chat=chat_in(path), blobs=[told["blob"]])
    assert said["t"] == "ok"
    ann = await web.shop.agent()
    opening = await ann.ask("chat.open", chat=chat_in(path))
    assert opening["ticket"]["preview"] == "[image]"
    message = await ann.until(t="ev", kind="msg", by=sara.who, seq=said["seq"])
    assert message["body"] == {"text": "", "blobs": [told["blob"]]}
    got = await fetched(web, told["blob"], who="agent:ann")
    assert got.status_code == 200
    assert len(got.content) == told["size"]
    assert opened(got.content).size == (64, 48)
    assert SECRET not in got.content


async def test_an_image_goes_from_the_agent_to_the_shopper(web: Web) -> None:
    sara, path = await begun(web)
    ann = await web.shop.agent()
    blob = await uploaded(web, path, who="agent:ann")
    said = await ann.ask("msg.send", chat=chat_in(path), text="Here", blobs=[blob])
    assert said["t"] == "ok"
    message = await sara.until(t="ev", kind="msg", by="agent:ann")
    assert message["body"] == {"text": "Here", "blobs": [blob]}
    got = await fetched(web, blob)
    assert opened(got.content).size == opened(PNG).size


async def test_it_is_served_as_what_it_is_and_as_nothing_else(web: Web) -> None:
    blob = await uploaded(web)
    got = await fetched(web, blob)
    assert got.headers["content-type"] == "image/png"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in got.headers["vary"]
    again = await fetched(web, blob, **{"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("holiday.jpg", "holiday.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\\\Users\\\\sara\\\\me.exe", "me.png"),
        ("%2e%2e%2f%2e%2e%2fevil.svg", "evil.png"),
        ("a%22%0d%0aSet-Cookie: b", "a_Set-Cookie_ b.png"),
        ("", "image.png"),
        ("...", "image.png"),
        ("x" * 300, "x" * 80 + ".png"),
    ],
)
async def test_its_name_is_one_that_hurts_nobody(
    web: Web, given: str, name: str
) -> None:
    answer = await sent(web, SITE, headers={"X-Filename": given})
    got = await fetched(web, answer.json()["blob"])
    shown = got.headers["content-disposition"]
    assert shown.startswith(f'inline; filename="{name}"; ')


async def test_what_it_is_called_may_be_in_any_language(web: Web) -> None:
    answer = await sent(web, SITE, headers={"X-Filename": "%C5%82%C3%B3d%C5%BA.png"})
    got = await fetched(web, answer.json()["blob"])
    shown = got.headers["content-disposition"]
    assert shown == (
        "inline; filename=\"__d_.png\"; filename*=UTF-8''%C5%82%C3%B3d%C5%BA.png"
    )


async def test_the_same_bytes_for_the_same_chat_are_the_same_image(web: Web) -> None:
    _, path = await begun(web)
    blob = await uploaded(web, path)
    assert await uploaded(web, path) == blob
    assert await uploaded(web, path, who="agent:ann") == blob
    _, other = await begun(web, "olaf")
    assert await uploaded(web, other, who="shopper:olaf") != blob
    assert len(kept(web)) == 1


async def test_ten_of_the_same_at_once_are_one_image(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "OF_ONE", 10)
    _, path = await begun(web)
    found: list[str] = []

    async def one() -> None:
        found.append(await uploaded(web, path))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(one)
    assert len(set(found)) == 1


async def test_the_first_message_of_a_chat_may_show_one(web: Web) -> None:
    blob = await uploaded(web)
    sara = await web.shop.shopper()
    started = await sara.ask("chat.start", text="", blobs=[blob])
    assert started["t"] == "ok"
    assert (await fetched(web, blob, who="agent:ann")).status_code == 200


async def test_until_a_message_names_it_it_is_its_senders_alone(web: Web) -> None:
    blob = await uploaded(web)
    for who in ("agent:ann", "admin:boss", "shopper:olaf"):
        assert refusal(await fetched(web, blob, who=who)) == (404, "not_found")
    olaf = await web.shop.shopper("olaf")
    refused = await olaf.ask("chat.start", text="mine", blobs=[blob])
    assert (refused["code"], refused["path"]) == ("no_blob", "$.blobs")


async def test_a_message_names_no_image_of_another_chat(web: Web) -> None:
    sara, path = await begun(web)
    olaf, other = await begun(web, "olaf")
    blob = await uploaded(web, path)
    for client, chat in ((olaf, other), (await web.shop.agent(), other)):
        for named in ([blob], ["nothing"], [blob, "nothing"]):
            refused = await client.ask("msg.send", chat=chat_in(chat), blobs=named)
            assert refused["code"] == "no_blob"
    both = await sara.ask("msg.send", chat=chat_in(path), blobs=[blob, "nothing"])
    assert both["code"] == "no_blob"
    many = await sara.ask("msg.send", chat=chat_in(path), blobs=[blob] * 11)
    assert (many["code"], many["limit"]) == ("too_big", 10)
    assert refusal(await fetched(web, blob, who="shopper:olaf"))[0] == 404


async def test_an_image_that_was_sent_in_one_chat_stays_there(web: Web) -> None:
    blob = await uploaded(web)
    sara = await web.shop.shopper()
    first = await sara.ask("chat.start", text="", blobs=[blob])
    await sara.ask("chat.end", chat=first["chat"])
    second = await sara.ask("chat.start", text="again", blobs=[blob])
    assert second["code"] == "no_blob"
    # The same bytes again are another image then.
    assert await uploaded(web) != blob
    assert (await fetched(web, blob)).status_code == 200


async def test_a_repeated_message_shows_the_same_images(web: Web) -> None:
    sara, path = await begun(web)
    blob = await uploaded(web, path)
    said = {"chat": chat_in(path), "blobs": [blob], "id": "once"}
    first = await sara.ask("msg.send", **said)
    again = await sara.ask("msg.send", **said)
    assert again == first | {"dup": True}
    other = await sara.ask("msg.send", **(said | {"blobs": ["other"]}))
    assert other["body_differs"] is True


async def test_a_message_with_images_keeps_its_place_in_line(web: Web) -> None:
    sara, path = await begun(web)
    blob = await uploaded(web, path)
    chat, order = chat_in(path), [f"m{number}" for number in range(40)]
    for number, id_ in enumerate(order):
        named = {"blobs": [blob]} if number % 3 == 0 else {"text": id_}
        await sara.say("msg.send", id=id_, chat=chat, **named)
    for id_ in order:
        assert (await sara.answer(id_))["t"] == "ok"
    entries = await web.shop.journal(chat)
    assert [entry.id for entry in entries if entry.id in order] == order


async def test_out_of_reach_is_not_found_whatever_it_is(web: Web) -> None:
    await web.shop.open_site("outlet", Settings())
    _, path = await begun(web)
    blob = await uploaded(web, path)
    chats = (path, "/v1/chats/nothing/blobs", path[:-10] + "AAAA/blobs")
    for target in chats:
        answer = await sent(web, target, who="shopper:olaf")
        assert refusal(answer) == (404, "not_found")
    assert refusal(await sent(web, "/v1/sites/outlet/blobs"))[0] == 404
    assert refusal(await fetched(web, "nothing")) == (404, "not_found")
    visitor = {"Authorization": "Bearer anon:0123456789"}
    for answer in (
        await web.client.get(f"/v1/blobs/{blob}", headers=visitor),
        await web.client.post(path, content=PNG, headers=visitor),
    ):
        assert refusal(answer) == (404, "not_found")
    answer = await web.client.post(SITE, content=PNG, headers=visitor)
    assert refusal(answer) == (403, "login_required")
    assert refusal(await web.client.post(SITE, content=PNG)) == (401, "auth_failed")
    # Another shop's shopper, who has the same name there.
    key = web.shop.token("shopper", "sara", site="outlet")
    elsewhere = {"Authorization": f"Bearer {key}"}
    answer = await web.client.get(f"/v1/blobs/{blob}", headers=elsewhere)
    assert refusal(answer) == (404, "not_found")


async def test_a_chat_that_has_ended_takes_none(web: Web) -> None:
    sara, path = await begun(web)
    blob = await uploaded(web, path)
    await sara.ask("msg.send", chat=chat_in(path), blobs=[blob])
    await sara.ask("chat.end", chat=chat_in(path))
    assert refusal(await sent(web, path)) == (400, "chat_closed")
    assert (await fetched(web, blob)).status_code == 200


async def test_a_shop_without_chat_takes_none(web: Web) -> None:
    await web.shop.settle(Settings(chat=ChatSettings(enabled=False)))
    assert refusal(await sent(web, SITE)) == (400, "chat_disabled")


@pytest.mark.parametrize("name", NO_IMAGES)
async def test_what_is_no_image_is_not_kept(web: Web, name: str) -> None:
    answer = await sent(web, SITE, NO_IMAGES[name])
    assert refusal(answer) == (400, "bad_blob")
    assert answer.json()["reason"]
    assert kept(web) == []


async def test_its_bytes_say_what_it_is_not_its_header(web: Web) -> None:
    answer = await sent(
        web, SITE, IMAGES["moving gif"], headers={"Content-Type": "text/html"}
    )
    assert answer.json()["mime"] == "image/gif"
    refused = await sent(
        web, SITE, NO_IMAGES["svg"], headers={"Content-Type": "image/png"}
    )
    assert refusal(refused) == (400, "bad_blob")


async def raw_upload(web: Web, pieces: Iterable[bytes], pause: float = 0) -> bytes:
    """Send a body that hides its length; return the answer."""
    token = (await web.bearer("shopper", "sara"))["Authorization"]
    head = f"POST {SITE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    answer = bytearray()

    async def listen() -> None:
        async for data in stream:
            answer.extend(data)
        nursery.cancel_scope.cancel()

    async with await trio.open_tcp_stream(*web.shop.address) as stream:
        await stream.send_all(f"{head}Authorization: {token}\r\n\r\n".encode())
        with suppress(trio.BrokenResourceError):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(listen)
                for piece in pieces:
                    await stream.send_all(b"%x\r\n%b\r\n" % (len(piece), piece))
                    await trio.sleep(pause)
    return bytes(answer)


async def test_ten_mebibytes_are_the_most(web: Web) -> None:
    answer = await sent(web, SITE, PNG + b"\0" * MOST_BYTES)
    assert refusal(answer) == (413, "too_big")
    assert answer.json()["limit"] == MOST_BYTES
    assert kept(web) == []
    assert await uploaded(web)


async def test_a_body_without_end_is_cut_off(web: Web) -> None:
    with trio.fail_after(10):
        pieces = itertools.chain([PNG], itertools.repeat(b"\0" * 65536))
        answer = await raw_upload(web, pieces)
    assert answer.startswith(b"HTTP/1.1 413")
    assert kept(web) == []


async def test_a_sender_that_stalls_is_given_up(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.client.get("/healthz")
    monkeypatch.setattr(gallery, "STALL_S", 0.2)
    token = (await web.bearer("shopper", "sara"))["Authorization"]
    head = f"POST {SITE} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n"
    with trio.fail_after(5):
        answer = await web.raw(
            f"{head}Authorization: {token}\r\n\r\n".encode() + PNG[:30]
        )
    assert answer.startswith(b"HTTP/1.1 400")
    assert kept(web) == []


async def test_a_sender_that_drips_is_ended(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.client.get("/healthz")
    monkeypatch.setattr(shell, "IMAGE_S", 0.3)

    with trio.fail_after(5):
        drops = [bytes([byte]) for byte in PNG * 100]
        answer = await raw_upload(web, drops, pause=0.02)
    assert answer.startswith(b"HTTP/1.1 408")
    assert kept(web) == []


async def test_too_many_at_a_time_are_told_to_wait(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = trio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield PNG[:40]
        await go_on.wait()
        yield PNG[40:]

    async def one(answers: list[int]) -> None:
        headers = await web.bearer("shopper", "sara")
        answer = await web.client.post(SITE, content=waiting(), headers=headers)
        answers.append(answer.status_code)

    monkeypatch.setattr(gallery, "AT_ONCE", 3)
    monkeypatch.setattr(gallery, "OF_ONE", 2)
    await uploaded(web)
    answers: list[int] = []
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(one, answers)
        while sum(the_gallery(web)._coming.values()) < 2:  # noqa: ASYNC110  # it has no event
            await trio.sleep(0.01)
        assert refusal(await sent(web, SITE)) == (429, "rate_limited")
        assert await uploaded(web, who="shopper:olaf")
        monkeypatch.setattr(gallery, "AT_ONCE", 2)
        late = await sent(web, SITE, who="shopper:olaf")
        assert refusal(late) == (503, "unavailable")
        go_on.set()
    assert answers == [201, 201]


def nobody(_addresses: Addresses, _caller: Caller) -> bool:
    return False


async def test_a_person_sends_so_many_in_a_while(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Addresses, "trusts", nobody)
    for _ in range(routes.UPLOADS):
        await sent(web, SITE, b"no image, but it counts all the same")
    late = await sent(web, SITE)
    assert refusal(late) == (429, "rate_limited")
    assert late.json()["retry_ms"] > 0
    figures = written(registry(web.shop.broker))
    assert b'shopwire_limited_total{limit="uploads"} 1.0' in figures
    assert await uploaded(web, who="shopper:olaf")


async def test_an_image_that_takes_too_long_costs_its_reader_and_nobody_else(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await uploaded(web)
    readers = the_gallery(web).decoder
    first = readers.pid
    monkeypatch.setattr(decoder, "JOB_S", 0.0)
    answer = await sent(web, SITE, IMAGES["moving gif"])
    assert refusal(answer) == (400, "bad_blob")
    assert readers.killed == 1
    monkeypatch.setattr(decoder, "JOB_S", 20.0)
    assert await uploaded(web, content=IMAGES["moving gif"])
    assert readers.pid not in {None, first}


async def test_a_reader_that_has_died_is_replaced(web: Web) -> None:
    await uploaded(web)
    readers = the_gallery(web).decoder
    assert readers.pid is not None
    os.kill(readers.pid, 9)
    await trio.sleep(0.05)
    assert await uploaded(web, content=IMAGES["gif"])


async def test_an_idle_reader_is_let_go_of(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await uploaded(web)
    readers = the_gallery(web).decoder
    await readers.rest()
    assert readers.pid is not None
    monkeypatch.setattr(decoder, "IDLE_S", -1.0)
    await readers.rest()
    assert readers.pid is None


async def test_files_are_for_the_broker_alone(web: Web) -> None:
    await uploaded(web)
    (path,) = kept(web)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_an_hour_without_a_message_ends_an_image(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    sara, path = await begun(web)
    named = await uploaded(web, path, IMAGES["gif"])
    await sara.ask("msg.send", chat=chat_in(path), blobs=[named])
    lost = await uploaded(web, path)
    images = the_gallery(web)
    await images.sweep()
    assert (await fetched(web, lost)).status_code == 200
    monkeypatch.setattr(gallery, "UNNAMED_MS", -1000)
    await images.sweep()
    assert refusal(await fetched(web, lost)) == (404, "not_found")
    refused = await sara.ask("msg.send", chat=chat_in(path), blobs=[lost])
    assert refused["code"] == "no_blob"
    assert (await fetched(web, named)).status_code == 200
    assert len(kept(web)) == 1


async def test_a_file_that_others_have_too_outlives_an_image(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    sara, path = await begun(web)
    named = await uploaded(web, path)
    await sara.ask("msg.send", chat=chat_in(path), blobs=[named])
    await uploaded(web, who="shopper:olaf")
    monkeypatch.setattr(gallery, "UNNAMED_MS", -1000)
    await the_gallery(web).sweep()
    assert (await fetched(web, named)).status_code == 200


async def test_what_a_crash_has_left_is_cleared_away(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = await uploaded(web)
    images = the_gallery(web)
    orphan = images.files.path("ab" + "0" * 62)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"nobody's")
    half = images.files.incoming("half")
    half.write_bytes(b"half")
    await images.remove_orphans()
    assert orphan.exists()
    monkeypatch.setattr(gallery, "UNNAMED_MS", -1000)
    await images.remove_orphans()
    images.files.prepare()
    assert not orphan.exists()
    assert not half.exists()
    assert (await fetched(web, blob)).status_code == 200


async def test_an_image_deleted_under_a_message_does_not_go_with_it(web: Web) -> None:
    # The sweeper comes between the look and the commit: the commit itself knows.
    sara, path = await begun(web)
    blob = await uploaded(web, path)
    broker = web.shop.broker
    found = blobs.nameable

    def swept(*args: object) -> frozenset[str]:
        del args
        return frozenset({blob})

    blobs.nameable = swept  # type: ignore[assignment]  # a look that is out of date
    try:
        drop = partial(blobs.drop_unnamed, before=2**60, limit=10)
        await broker.change(drop)
        refused = await sara.ask("msg.send", chat=chat_in(path), blobs=[blob])
    finally:
        blobs.nameable = found
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    again = await sara.ask(
        "msg.send", chat=chat_in(path), blobs=[blob], id=refused["re"]
    )
    assert again["code"] == "no_blob"
    assert (await sara.ask("msg.send", chat=chat_in(path), text="so"))["t"] == "ok"


async def test_a_bomb_explodes_elsewhere(web: Web) -> None:
    big = png_of(5000, 5000, b"\0" * (5000 * 15_001))
    assert len(big) < 200_000
    before = _resident()
    for _ in range(3):
        answer = await sent(web, SITE, big)
        assert answer.status_code == 201
    assert _resident() - before < 100 * 1024 * 1024


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
