from collections.abc import Iterator
from inspect import isclass
from typing import get_args

import msgspec
import pytest
from msgspec import Meta

from actors.settings.attention import CheckInSettings, IdleSettings
from actors.settings.document import Settings, problems
from actors.settings.fields import Problem, Section
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


def sections(kind: object, path: str = "$") -> Iterator[tuple[str, type[Section]]]:
    """Yield every part of the document, and where it stands."""
    if isclass(kind) and issubclass(kind, Section):
        yield path, kind
        for field in msgspec.structs.fields(kind):
            yield from sections(field.type, f"{path}.{field.encode_name}")
    for inner in get_args(kind):
        yield from sections(inner, path)


PARTS = dict(sections(Settings))


@pytest.mark.parametrize("path", sorted(PARTS.keys() - {"$"}))
def test_every_setting_says_what_it_is(path: str) -> None:
    section = PARTS[path]
    assert section.__doc__
    for field in msgspec.structs.fields(section):
        metas = getattr(field.type, "__metadata__", ())
        told = [m.description for m in metas if isinstance(m, Meta) and m.description]
        assert len(told) == 1, f"{path}.{field.name}"
        assert told[0][0].isupper()
        assert told[0].endswith(".")


def test_every_section_has_a_default() -> None:
    for field in msgspec.structs.fields(Settings):
        section = msgspec.convert({}, field.type)
        assert section == getattr(Settings(), field.name)


LONG = "x" * 2001
WINDOW = ["09:00", "17:00"]
INVALID: list[tuple[str, object, str]] = [
    ("chat.enabled", "yes", "bool"),
    ("chat.enabled", None, "bool"),
    ("chat.login_status", "everybody", "enum"),
    ("chat.welcome", LONG, "length"),
    ("chat.welcome", " \n", "white space"),
    ("chat.welcome", "Hi {{profile.shoe}}", "there is no"),
    ("chat.welcome", "Hi {{profile.name", "never closed"),
    ("chat.welcome", "a\0b", "regex"),
    ("chat.allowed_origins[0]", "shop.example", "regex"),
    ("chat.allowed_origins[0]", "https://shop.example/", "regex"),
    ("chat.allowed_origins[0]", "https://shop.example\n", "regex"),
    ("chat.allowed_origins", ["https://x"] * 51, "length"),
    ("chat.locale", "English", "regex"),
    ("chat.locale", "en\n", "regex"),
    ("chat.theme", {str(n): "" for n in range(51)}, "length"),
    ("legal.terms_url", "http://shop.example", "regex"),
    ("legal.terms_url", "https://", "regex"),
    ("legal.terms_url", "https://shop.example/\n", "regex"),
    ("legal.terms_url", "https://a@shop.example/", "regex"),
    ("legal.privacy_url", 'https://shop.example/"onclick=x', "regex"),
    ("legal.privacy_url", "javascript:alert(1)", "regex"),
    ("legal.privacy_url", f"https://{'x' * 2041}", "length"),
    ("legal.privacy_url", f"https://{'ż' * 1021}", "bytes"),
    ("legal.ack_required", 1, "bool"),
    ("hours.weekly.mon[0]", ["09:00", "09:00"], "ends when it begins"),
    ("hours.weekly.mon[0][0]", ["9:00", "17:00"], "regex"),
    ("hours.weekly.mon[0]", ["09:00"], "length"),
    ("hours.weekly.mon", [WINDOW] * 9, "length"),
    ("hours.holidays[0].date", "1.1.2027", "regex"),
    ("hours.auto_reply", " ", "is empty"),
    ("hours.quiet_s", -1, ">= 0"),
    ("email.notify[0]", "team", "regex"),
    ("email.notify[0]", "a@b\r\nBcc: c@d", "regex"),
    ("email.digest_after", 0, ">= 1"),
    ("check_in.remind_s", 4, ">= 5"),
    ("check_in.remind_s", 10**12, "<= 86400"),
    ("check_in.breach_s", 180, "more than"),
    ("check_in.auto_s", 300, "less than"),
    ("check_in.remind_s", 2.5, "int"),
    ("ai.confidence", 1.1, "<= 1"),
    ("assignment.on_reply", "sometimes", "enum"),
    ("assignment.max_chats", 0, ">= 1"),
    ("assignment.announce_transfer", " ", "is empty"),
    ("assignment.rules[0].team", {"if": {"tag": "vip"}, "team": "no"}, "teams"),
    ("assignment.teams[0].id", {"id": "a b", "name": "A"}, "regex"),
    ("assignment.teams[0].id", {"id": "a\n", "name": "A"}, "regex"),
    ("idle.warn_min", 5, "less than close_min"),
    ("sms.number", "0048600100200", "regex"),
    ("sms.provider", "pigeon", "enum"),
    ("sla.policies[0]", {"name": "empty"}, "promises nothing"),
]


def put_at(path: str, value: object) -> dict[str, object]:
    """Return a document in which `value` stands where `path` says something is wrong.

    In a list of sections the value is the whole item, of which a field is at fault.
    """
    outer, _, inner = path.partition("[")
    field = inner.partition(".")[2]
    item = {field: value} if field and not hasattr(value, "keys") else value
    section, _, name = outer.partition(".")
    name, _, deeper = name.partition(".")
    standing = [item] if inner else value
    return {section: {name: {deeper: standing} if deeper else standing}}


def wrong_with(document: dict[str, object]) -> Problem:
    """Return the first thing that is wrong with a document."""
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).rpartition(" - at ")
        return Problem(path.strip("`"), reason)
    return problems(settings)[0]


@pytest.mark.parametrize(("path", "value", "reason"), INVALID)
def test_what_cannot_stand_is_named_with_the_reason(
    path: str, value: object, reason: str
) -> None:
    path = f"$.{path}"
    found = wrong_with(put_at(path[2:], value))
    assert found.path == path
    assert reason in found.reason
