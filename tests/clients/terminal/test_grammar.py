from datetime import UTC, datetime, timedelta, timezone

import pytest

from clients.terminal import grammar, table
from clients.terminal.grammar import Tags, Target, Typed, Unclear, matching, typed
from clients.terminal.moments import moment

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("Hello there", Typed("", "Hello there")),
        ("//etc is a path", Typed("", "/etc is a path")),
        ("  ", Typed("", "")),
        ("/note  VIP now ", Typed("note", "VIP now")),
        ("/LIST", Typed("list", "")),
        ("/ open 3", Typed("open", "3")),
    ],
)
def test_a_line_is_a_text_or_a_command(line: str, wanted: Typed) -> None:
    assert typed(line) == wanted


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("close", "close"), ("c", "close"), ("sn", "snooze"), ("unr", "unread")],
)
def test_the_beginning_of_a_name_is_enough(word: str, wanted: str) -> None:
    assert matching(word, table.names(inside=True)) == wanted


@pytest.mark.parametrize(
    ("word", "said"), [("s", "/snooze or /stats"), ("dance", "no /dance"), ("", "no /")]
)
def test_a_name_that_may_be_two_or_none_is_asked_back(word: str, said: str) -> None:
    with pytest.raises(Unclear, match=said):
        matching(word, table.names(inside=True))


def test_shoppers_have_no_agents_commands() -> None:
    assert "note" not in table.names(inside=False)
    assert {"open", "close", "end", "read", "help", "quit"} <= {
        *table.names(inside=False)
    }


def test_every_command_says_what_it_does() -> None:
    lines = table.help_for("", inside=True) + table.help_for("", inside=False)
    assert all(any(f"/{name} " in line for line in lines) for name in table.COMMANDS)
    assert max(map(len, lines)) <= 80
    assert "tomorrow" in table.help_for("/snooze", inside=True)[1]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("+late -vip new", Tags(("late", "new"), ("vip",))),
        ("late", Tags(("late",), ())),
    ],
)
def test_tags_have_signs(words: str, wanted: Tags) -> None:
    assert grammar.tags(words) == wanted


@pytest.mark.parametrize("words", ["", "+", "late -"])
def test_a_sign_needs_a_tag(words: str) -> None:
    with pytest.raises(Unclear):
        grammar.tags(words)


def test_whom_to_give_it_to() -> None:
    assert grammar.target("ann please help") == Target(
        "ann", force=False, rest="please help"
    )
    assert grammar.target("ann!") == Target("ann", force=True, rest="")
    with pytest.raises(Unclear):
        grammar.target("!")


def test_values_of_a_macro() -> None:
    said = grammar.values('name=Sara order.last.number="10 42"')
    assert said == {"name": "Sara", "order.last.number": "10 42"}
    with pytest.raises(Unclear):
        grammar.values("name Sara")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("30m", "2026-11-22T15:30"),
        ("1h", "2026-11-22T16:00"),
        ("2d", "2026-11-24T15:00"),
        ("1w", "2026-11-29T15:00"),
        ("17:30", "2026-11-22T16:30"),
        ("09:00", "2026-11-23T08:00"),
        ("2026-11-23T09:00", "2026-11-23T08:00"),
        ("2026-11-23T09:00Z", "2026-11-23T09:00"),
        ("2026-11-24", "2026-11-23T23:00"),
    ],
)
def test_a_moment_is_read_where_the_agent_is(words: str, wanted: str) -> None:
    until = moment(words, NOW)
    assert until.until is not None
    said = datetime.fromtimestamp(until.until / 1000, UTC)
    assert said == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "preset"),
    [
        ("tomorrow", "tomorrow"),
        ("later", "later_today"),
        ("one_week", "one_week"),
        ("reply", "next_reply"),
    ],
)
def test_the_shop_knows_what_some_words_mean(words: str, preset: str) -> None:
    assert moment(words, NOW).preset == preset


@pytest.mark.parametrize("words", ["", "never", "2020-01-01", "0m", "99:00"])
def test_no_moment_is_asked_back(words: str) -> None:
    with pytest.raises(Unclear):
        assert moment(words, NOW).until != 0
