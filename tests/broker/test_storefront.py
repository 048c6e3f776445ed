"""What a widget is told of who is there, and when (F27, F37)."""

import msgspec
import pytest
from msgspec import UNSET

from actors.chat.hours import OpenHours
from actors.ids import Millis
from actors.settings.ai import AiSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from actors.settings.storefront import LegalSettings
from broker.storefront import FirstWords, Staffing, storefront

NOW = Millis(1000)
NOTHING = FirstWords((), "")


@pytest.mark.parametrize(
    ("ai", "online", "told"),
    [
        (AiSettings(), True, True),
        (AiSettings(), False, False),
        (AiSettings(enabled=True), False, False),
        (AiSettings(enabled=True, counts_online=True), False, True),
        (AiSettings(counts_online=True), False, False),
    ],
)
def test_the_bot_is_somebody_only_if_the_shop_says_so(
    ai: AiSettings, *, online: bool, told: bool
) -> None:
    rules = Rules(1, Settings(ai=ai))
    shown = storefront(rules, "shopper", NOW, Staffing(online), NOTHING)
    assert shown.team_online is told


@pytest.mark.parametrize(
    ("windows", "open_now", "opens_at"),
    [
        (None, True, UNSET),
        (((0, 2000), (3000, 4000)), True, UNSET),
        (((0, 1000), (3000, 4000)), False, 3000),
        (((0, 1000),), False, UNSET),
        ((), False, UNSET),
    ],
)
def test_when_it_opens_is_said_only_while_it_is_closed(
    windows: tuple[tuple[int, int], ...] | None, *, open_now: bool, opens_at: object
) -> None:
    spans = [(Millis(begin), Millis(end)) for begin, end in windows or ()]
    hours = OpenHours(None if windows is None else tuple(spans))
    rules = Rules(hours=hours)
    shown = storefront(rules, "visitor", NOW, Staffing(), NOTHING).hours
    assert (shown.open_now, shown.opens_at) == (open_now, opens_at)


@pytest.mark.parametrize("field", ["terms_url", "privacy_url"])
def test_either_legal_link_may_stand_without_the_other(field: str) -> None:
    legal = msgspec.convert({field: "https://shop.example/x"}, LegalSettings)
    rules = Rules(1, Settings(legal=legal))
    shown = storefront(rules, "visitor", NOW, Staffing(), NOTHING).legal
    assert msgspec.to_builtins(shown) == {
        "ack_required": False,
        field: "https://shop.example/x",
    }
