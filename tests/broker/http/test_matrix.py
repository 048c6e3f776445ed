"""Every route, by everybody, about what is theirs to reach or is not.

The cells come from the application's own table: a new route is asked by all of them the
day it is written. Who may not use it changes nothing, and reads the same few words.
"""

import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from actors.library import Faq, Knowledge, Macros
from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker.http.application import HttpApplication
from broker.http.errors import body_of
from broker.http.guards import Guard
from broker.office.agents import change_agent
from broker.office.library import put_collection
from broker.office.requests import ChangeAgent, Denied
from broker.office.webhooks import add_webhook
from broker.wire.errors import Code
from broker.wire.statuses import STATUS
from tests.broker.http.test_blobs import uploaded
from tests.broker.http.web import Web, asked, refusal
from tests.system.leaks import MAIL_AT

pytestmark = pytest.mark.slow

OPEN = {
    "/healthz",
    "/readyz",
    "/version",
    "/v1/login",
    # By the address that asks, or a token of its own.
    "/metrics",
    # Signed by the provider.
    "/v1/sites/{site:str}/sms/inbound",
    "/v1/sites/{site:str}/sms/status",
    # Signed by Shopify.
    "/v1/sites/{site:str}/shopify/token",
    "/schema/asyncapi.json",
    "/schema/openapi.json",
    "/robots.txt",
    "/licences.txt",
    # Programs that run in browsers: whoever uses them signs in there.
    "/widget.js",
    "/widget/{path:path}",
    "/desk",
    "/desk/{path:path}",
    "/demo",
    "/demo/{path:path}",
    # In `shopwire demo` alone, where anybody may be anybody.
    "/demo/people",
}
"""What has no guard, and why: all else needs a token."""
OUR_PAGE, STRANGE_PAGE = "https://shop.example", "https://evil.example"
WORTHLESS = ("nobody", "rubbish", "disabled agent", "expired agent", "expired shopper")
ROLES = {
    "shopper": "shopper",
    "other shopper": "shopper",
    "namesake elsewhere": "shopper",
    "agent": "agent",
    "admin": "admin",
    "agent elsewhere": "agent",
    "admin elsewhere": "admin",
}
TABLES = (
    "event",
    "ticket",
    "agent",
    "key",
    "site",
    "profile",
    "document",
    "blob",
    "deed",
)
DUMPS = tuple(f"SELECT * FROM {table}" for table in TABLES)  # noqa: S608 - constants


class Way(NamedTuple):
    """A route, and one of its methods."""

    path: str
    method: str
    guard: Guard | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Stage(NamedTuple):
    """A shop's chat, and how everybody who might have to do with it signs in."""

    web: Web
    ways: list[Way]
    ids: dict[str, str]
    headers: dict[str, dict[str, str]]

    def path(self, way: Way) -> str:
        """Return where to find our shop's things."""
        path = way.path.replace("{path:path}", "a-file.js")
        ids = self.ids
        if way.method == "DELETE":
            # Those who look at it come later.
            ids = ids | {"webhook": "none"}
        for name, id_ in ids.items():
            path = path.replace(f"{{{name}:str}}", id_)
        assert "{" not in path, f"say which {path} is meant"
        return path

    async def ask(self, way: Way, who: str) -> Any:  # noqa: ANN401 - httpx's
        return await self.web.client.request(
            way.method, self.path(way), headers=self.headers[who], content=b"{}"
        )

    async def kept(self) -> list[object]:
        """Return all that there is in the journal and the accounts."""

        def dump(db: sqlite3.Connection) -> list[object]:
            return [db.execute(sql).fetchall() for sql in DUMPS]

        return await self.web.shop.broker.query(dump)


def ways_of(application: HttpApplication) -> Iterator[Way]:
    routes: Any = application._shell._inner
    for route in routes.routes:
        for method, (handler, _) in route.route_handler_map.items():
            if method == "OPTIONS":
                continue
            guards = handler.resolve_guards()
            # Not wrapped either, as those are that are called in a thread.
            assert all(isinstance(guard, Guard) for guard in guards)
            yield Way(route.path, method, guards[0] if guards else None)


@asynccontextmanager
async def staged(folder: Path) -> AsyncGenerator[Stage]:
    """Bring everybody together."""
    async with asked(folder) as web:
        shop = web.shop
        await shop.settle(Settings(chat=ChatSettings(allowed_origins=(OUR_PAGE,))))
        for collection in (Faq(), Macros(), Knowledge()):
            await put_collection(shop.broker, "default", collection, by="agent:boss")
        await shop.open_site("other", Settings())
        for sub, role, site in (
            ("ann", "agent", "default"),
            ("boss", "admin", "default"),
            ("dis", "agent", "default"),
            ("eve", "agent", "other"),
            ("eva", "admin", "other"),
        ):
            await shop.hire(sub, role, site)
        await change_agent(shop.broker, ChangeAgent(id="dis", disabled=True))
        sara, ann = await shop.shopper("sara"), await shop.agent("ann")
        chat = (await sara.ask("chat.start", text="where is it?"))["chat"]
        await ann.ask("msg.send", chat=chat, text="on its way")
        blob = await uploaded(web, f"/v1/chats/{chat}/blobs")
        await sara.ask("msg.send", chat=chat, blobs=[blob])
        ids = {"site": "default", "chat": chat, "blob": blob, "id_": "ann"}
        ids |= {"profile": "una", "kid": "nokey", "version": "1", "report": "sla"}
        hook = await add_webhook(shop.broker, "default", "https://shop.example", ())
        assert not isinstance(hook, Denied)
        ids |= {"webhook": hook.id}
        tokens = {
            "rubbish": "e30.e30.e30",
            "visitor": "anon:secret",
            "disabled agent": shop.token("agent", "dis"),
            "expired agent": shop.token("agent", "ann", lasts=-1),
            "expired shopper": shop.token("shopper", "sara", lasts=-1),
            "shopper": shop.token("shopper", "sara"),
            "other shopper": shop.token("shopper", "omar"),
            "namesake elsewhere": shop.token("shopper", "sara", site="other"),
            "agent": shop.token("agent", "ann"),
            "admin": shop.token("admin", "boss"),
            "agent elsewhere": shop.token("agent", "eve", site="other"),
            "admin elsewhere": shop.token("admin", "eva", site="other"),
        }
        headers = {who: {"Authorization": f"Bearer {tokens[who]}"} for who in tokens}
        application = shop.broker.front._application
        assert isinstance(application, HttpApplication)
        yield Stage(web, [*ways_of(application)], ids, headers | {"nobody": {}})


def expected(way: Way, who: str) -> Code | None:
    """Return with what `who` is refused; `None` if they may go on."""
    guard = way.guard
    assert guard is not None
    if who in WORTHLESS:
        return Code.AUTH_FAILED
    if who == "visitor":
        return guard.visitors
    elsewhere = who.endswith("elsewhere")
    if elsewhere and "{site:str}" in way.path:
        return Code.NOT_FOUND
    if ROLES[who] not in guard.roles:
        return Code.FORBIDDEN
    theirs = who != "other shopper" or "{site:str}" in way.path
    return None if theirs and not elsewhere else Code.NOT_FOUND


async def test_a_route_without_a_guard_is_one_of_a_few(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        assert {way.path for way in stage.ways if way.guard is None} == OPEN


async def test_who_may_not_is_told_so_in_few_words_and_changes_nothing(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        before = await stage.kept()
        for way in stage.ways:
            if way.guard is None:
                continue
            for who in stage.headers:
                code = expected(way, who)
                if code is None:
                    continue
                answer = await stage.ask(way, who)
                assert refusal(answer) == (STATUS[code], code), (str(way), who)
                # Whatever it is about: the same as where there is nothing.
                assert answer.json() == body_of(code, {})
        assert await stage.kept() == before


async def test_who_may_is_not_sent_away(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for way in stage.ways:
            for who, role in ROLES.items():
                if way.guard is None or expected(way, who) is not None:
                    continue
                answer = await stage.ask(way, who)
                status = answer.status_code
                assert status not in {401, 403}, (str(way), who, answer.text)
                assert status < 500, (str(way), who, answer.text)
                if way.method == "GET":
                    assert status == 200, (str(way), who, answer.text)
                if role == "shopper":
                    assert MAIL_AT.encode() not in answer.content


async def test_another_sites_ids_are_not_there(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for way in stage.ways:
            if way.guard is None or "{site:str}" not in way.path:
                continue
            for site in ("other", "nowhere", "%00"):
                moved = Stage(*stage[:2], stage.ids | {"site": site}, stage.headers)
                answer = await moved.ask(way, "admin")
                assert refusal(answer) == (404, "not_found"), (str(way), site)


async def test_pages_of_the_listed_origins_may_ask_and_no_others(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        for way in stage.ways:
            if not way.path.startswith("/v1/"):
                continue
            path = stage.path(way)
            for page, status in ((OUR_PAGE, 204), (STRANGE_PAGE, 403)):
                wish = {"Origin": page, "Access-Control-Request-Method": way.method}
                answer = await stage.web.client.options(path, headers=wish)
                assert answer.status_code == status, (str(way), page)
                allowed = answer.headers.get("access-control-allow-methods", "")
                assert (way.method in allowed.split(", ")) == (status == 204)
                named = answer.headers.get("access-control-allow-origin")
                assert named == (page if status == 204 else None)
            # And who asks without having asked first is not let in either.
            headers = stage.headers["admin"] | {"Origin": STRANGE_PAGE}
            answer = await stage.web.client.request(way.method, path, headers=headers)
            assert refusal(answer) == (403, "forbidden")


async def test_a_head_has_no_body_and_options_name_the_methods(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for way in stage.ways:
            path, client = stage.path(way), stage.web.client
            for who in ("admin", "nobody"):
                head = await client.head(path, headers=stage.headers[who])
                assert (head.content, head.status_code < 500) == (b"", True), str(way)
            options = await client.options(path)
            assert options.status_code == 204, str(way)
            assert way.method in options.headers["allow"]
