"""`/v1/sites/{site}/faq`, `…/macros`, `…/knowledge`: lists, each swapped whole."""

from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from actors.library import (
    MAX_KNOWLEDGE,
    MAX_MACROS,
    MAX_QUESTIONS,
    NAMES,
    Collection,
    Faq,
    FaqItem,
    Knowledge,
    KnowledgeItem,
    Macro,
    Macros,
)
from broker.gate import Identity
from broker.http.bodies import Strict
from broker.http.guards import Guards, doer
from broker.http.routes.versioned import NewVersion, Version, reading, saved, writing
from broker.office.library import put_collection
from broker.questions import Usage
from broker.server import Broker

Asked = Request[Any, Identity, Any]
PATH = "/v1/sites/{site:str}/"


class PutFaq(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The questions as they shall be, in this order."""

    if_version: Version
    items: Annotated[tuple[FaqItem, ...], Meta(max_length=MAX_QUESTIONS)]


class PutMacros(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The macros as they shall be, in this order."""

    if_version: Version
    items: Annotated[tuple[Macro, ...], Meta(max_length=MAX_MACROS)]


class PutKnowledge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The knowledge as it shall be, in this order."""

    if_version: Version
    items: Annotated[tuple[KnowledgeItem, ...], Meta(max_length=MAX_KNOWLEDGE)]


class FaqUsage(msgspec.Struct, frozen=True):
    """What became of each question since the broker's start, by its id."""

    items: dict[str, Usage]


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    return [*_readers(broker, guards), *_writers(broker, guards)]


def _readers(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    guard = guards.only("agent", "admin")

    @reading(PATH + "faq", guard)
    def read_faq(site: FromPath[str]) -> Faq:
        """Answer all questions, those that are not published too."""
        return broker.sites.library_of(site).faq

    @reading(PATH + "faq/usage", guards.only("admin"))
    def read_usage(site: FromPath[str]) -> FaqUsage:
        """Answer how often each question was shown, picked and of help."""
        library = broker.sites.library_of(site)
        return FaqUsage(broker.house.questions.usage(site, library))

    @reading(PATH + "macros", guard)
    def read_macros(site: FromPath[str]) -> Macros:
        """Answer all macros, as templates."""
        return broker.sites.library_of(site).macros

    @reading(PATH + "knowledge", guard)
    def read_knowledge(site: FromPath[str]) -> Knowledge:
        """Answer all that the shop knows about itself."""
        return broker.sites.library_of(site).knowledge

    return [read_faq, read_usage, read_macros, read_knowledge]


def _writers(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    guard = guards.only("admin")

    async def swap(request: Asked, site: str, new: Collection) -> NewVersion:
        by = doer(request)
        outcome = await put_collection(broker, site, new, by=by)
        library = broker.sites.library_of(site)
        return saved(outcome, getattr(library, NAMES[type(new)]))

    @writing(PATH + "faq", guard, Strict[PutFaq])
    async def write_faq(
        request: Asked, site: FromPath[str], data: JSONBody[PutFaq]
    ) -> NewVersion:
        """Let other questions hold; all of them or none."""
        return await swap(request, site, Faq(data.if_version, data.items))

    @writing(PATH + "macros", guard, Strict[PutMacros])
    async def write_macros(
        request: Asked, site: FromPath[str], data: JSONBody[PutMacros]
    ) -> NewVersion:
        """Let other macros hold; all of them or none."""
        return await swap(request, site, Macros(data.if_version, data.items))

    @writing(PATH + "knowledge", guard, Strict[PutKnowledge])
    async def write_knowledge(
        request: Asked, site: FromPath[str], data: JSONBody[PutKnowledge]
    ) -> NewVersion:
        """Let other knowledge hold; all of it or none."""
        return await swap(request, site, Knowledge(data.if_version, data.items))

    return [write_faq, write_macros, write_knowledge]
