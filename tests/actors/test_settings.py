import msgspec
import pytest

from actors.settings.attention import CheckInSettings, IdleSettings
from actors.settings.document import Settings, problems
from actors.settings.rules import Rules
from actors.settings.storefront import ChatSettings


def paths(settings: Settings) -> list[str]:
    return [problem.path for problem in problems(settings)]


def test_a_fresh_site_works_with_the_defaults() -> None:
    assert problems(Settings()) == ()
    assert msgspec.convert({}, Settings) == Settings()


@pytest.mark.parametrize(
    ("check_in", "wrong"),
    [
        (CheckInSettings(remind_s=5, breach_s=6), []),
        (CheckInSettings(remind_s=300), ["$.check_in.breach_s"]),
        (CheckInSettings(auto_s=180), []),
        (CheckInSettings(auto_s=179), ["$.check_in.auto_s"]),
        (CheckInSettings(auto_s=300), ["$.check_in.auto_s"]),
        (CheckInSettings(auto_s=299), []),
        (CheckInSettings(auto_s=200, auto_text=" "), ["$.check_in.auto_text"]),
        (CheckInSettings(auto_text=""), []),
    ],
)
def test_the_marks_of_a_silence_come_in_order(
    check_in: CheckInSettings, wrong: list[str]
) -> None:
    assert paths(Settings(check_in=check_in)) == wrong


@pytest.mark.parametrize(
    ("idle", "wrong"),
    [
        (IdleSettings(close_min=2, warn_min=1), []),
        (IdleSettings(close_min=1), []),
        (IdleSettings(close_min=2, warn_min=2), ["$.idle.warn_min"]),
        (IdleSettings(warn_min=2), ["$.idle.warn_min"]),
        (IdleSettings(close_min=9, warn_min=2, warn_text=" "), ["$.idle.warn_text"]),
    ],
)
def test_a_warning_comes_before_the_end_and_says_something(
    idle: IdleSettings, wrong: list[str]
) -> None:
    assert paths(Settings(idle=idle)) == wrong


def test_a_welcome_of_white_space_is_an_error_and_none_is_not() -> None:
    assert paths(Settings(chat=ChatSettings(welcome=" \n"))) == ["$.chat.welcome"]
    assert paths(Settings(chat=ChatSettings(welcome=""))) == []


@pytest.mark.parametrize(
    "document",
    [
        {"check_in": {"remind_s": 4}},
        {"check_in": {"remind_seconds": 10}},
        {"legal": {"terms_url": "http://x"}},
        {"chat": {"allowed_origins": ["https://x/path"]}},
        {"chat": {"login_status": "some"}},
        {"assignment": {"on_reply": "never"}},
        {"tea": {}},
    ],
)
def test_a_setting_out_of_bounds_or_misspelt_is_an_error(
    document: dict[str, object],
) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(document, Settings)


def test_rules_give_spans_in_milliseconds() -> None:
    rules = Rules(1, Settings(check_in=CheckInSettings(auto_s=270)))
    assert (rules.remind, rules.auto, rules.breach) == (180_000, 270_000, 300_000)
    assert Rules().auto is None
