import json
from pathlib import Path
from typing import Any

import pytest

from actors import codec
from actors.ids import ChatId, stream_of
from tests.broker.commands.conversation import Talk, had, talk
from tests.broker.commands.typed import parsed, typed
from tests.system.shop import serving

pytestmark = pytest.mark.slow


@pytest.fixture
def talked(tmp_path: Path) -> Talk:
    return had(tmp_path)


def checked(talked: Talk, *which: object) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code of a check, and the differences it prints."""
    words = which or ("--all",)
    result = typed("replay", *words, "--check", "--data", talked.folder)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_a_chat_is_folded_anew(talked: Talk) -> None:
    folded = parsed(talked.folder, "replay", "--chat", talked.chat)
    assert (folded["chat"], folded["seq"]) == (talked.chat, talked.head)
    assert folded["state"]["preview"] == "And?"
    assert folded["state"]["assignee"] == "ann"
    assert len(folded["hash"]) == 32
    assert folded == parsed(talked.folder, "replay", "--chat", talked.chat)


def test_all_chats_are_listed_with_their_hashes(talked: Talk) -> None:
    folded = parsed(talked.folder, "replay", "--chat", talked.chat)
    assert parsed(talked.folder, "replay", "--all") == {
        name: folded[name] for name in ("chat", "seq", "hash")
    }


def test_the_past_is_as_it_was(talked: Talk) -> None:
    words = ("replay", "--chat", talked.chat)
    early = parsed(talked.folder, *words, "--seq", 4)
    assert (early["seq"], early["state"]["assignee"]) == (4, None)
    opened = early["state"]["opened_at"]
    assert parsed(talked.folder, *words, "--at", opened) == early
    late = parsed(talked.folder, *words, "--at", "2100-01-01T00:00:00Z")
    assert late["seq"] == talked.head
    never = typed(*words, "--at", "2001-01-01", "--data", talked.folder)
    assert (never.exit_code, "not begun" in never.output) == (1, True)


def seen(talked: Talk, who: str, *more: object) -> dict[str, Any]:
    words = ("replay", "--chat", talked.chat, "--as", who)
    sight: dict[str, Any] = parsed(talked.folder, *words, *more)
    return sight


def test_an_agent_saw_everything_and_when_it_would_be_due(talked: Talk) -> None:
    sight = seen(talked, "agent:ann")
    kinds = [event["kind"] for event in sight["thread"]]
    assert "note" in kinds
    assert "assigned" in kinds
    assert [event["seq"] for event in sight["thread"]] == [*range(1, talked.head + 1)]
    assert sight["ticket"]["assignee"] == "ann"
    assert sight["ticket"]["unread"] is True
    assert sight["next_deadline"] > sight["ticket"]["last_at"]
    # Ann has read the first question.
    assert seen(talked, "agent:ann", "--seq", 8)["ticket"]["unread"] is False
    assert seen(talked, "agent:ben", "--seq", 8)["ticket"]["unread"] is True


def test_a_shopper_saw_no_byte_of_a_note(talked: Talk) -> None:
    sight = seen(talked, "shopper")
    assert "van" not in str(sight)
    kinds = {event["kind"] for event in sight["thread"]}
    assert kinds == {"opened", "legal", "msg"}
    prevs = [event["prev"] for event in sight["thread"]]
    assert prevs == [0, *(event["seq"] for event in sight["thread"])][: len(prevs)]
    assert sight["who"].startswith("shopper:")
    assert sight["ticket"]["assignee"] is None
    assert "next_deadline" not in sight


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--chat", "x", "--all"),
        ("--all", "--seq", 3),
        ("--chat", "x", "--seq", 0),
        ("--chat", "x", "--seq", 1, "--at", 1),
        ("--chat", "x", "--as", "ann"),
        ("--chat", "x", "--at", "yesterday"),
        ("--chat", "x", "--check", "--as", "shopper"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    talked: Talk, words: tuple[object, ...]
) -> None:
    assert typed("replay", *words, "--data", talked.folder).exit_code == 2


def test_a_chat_that_is_not_there_is_not_found(talked: Talk) -> None:
    # The same stream, another secret: to nobody is that the chat's name.
    other = talked.chat[:-1] + ("A" if talked.chat[-1] != "A" else "B")
    for chat in ("x", other, "0" * 26):
        result = typed("replay", "--chat", chat, "--data", talked.folder)
        assert (result.exit_code, "no chat" in result.output) == (1, True)


def test_what_is_kept_is_what_the_events_make(talked: Talk) -> None:
    assert checked(talked) == (0, [])
    assert checked(talked, "--chat", talked.chat) == (0, [])


@pytest.mark.parametrize(
    ("sql", "seq", "what"),
    [
        ("UPDATE ticket SET preview = 'x'", None, "the ticket row's preview"),
        ("UPDATE ticket SET assignee = NULL", None, "the ticket row's assignee"),
        ("UPDATE ticket SET due = due + 1", None, "the ticket row's due"),
        ("UPDATE ticket SET due = NULL", None, "the ticket row's due"),
        ("UPDATE ticket SET seq = seq - 1", -1, "the ticket row's seq"),
        ("DELETE FROM ticket", None, "there is no ticket row"),
        ("UPDATE message SET text = 'x' WHERE seq = 4", 4, "the message table"),
        ("DELETE FROM message WHERE seq = 4", 4, "the message table"),
        ("UPDATE event SET prev = 1 WHERE seq = 4", 4, "prev"),
        ("UPDATE event SET kind = 'x' WHERE seq = 4", 4, "cannot be read"),
        ("UPDATE event SET ver = 99 WHERE seq = 4", 4, "cannot be read"),
        ("UPDATE event SET body = x'00' WHERE seq = 4", 4, "cannot be read"),
        ("DELETE FROM event WHERE seq = 4", 4, "cannot be read"),
        ("UPDATE snapshot SET seq = seq + 1", None, "the snapshot is newer"),
        ("UPDATE snapshot SET state = x'00'", None, "the snapshot is damaged"),
    ],
)
def test_a_planted_difference_is_found_and_its_event_named(
    talked: Talk, sql: str, seq: int | None, what: str
) -> None:
    talked.spoil(sql)
    code, (first, *_) = checked(talked)
    assert code == 1
    assert first["what"].startswith(what)
    assert first["seq"] == (talked.head + (seq or 0) if (seq or 0) <= 0 else seq)
    if seq is None or seq > 1:
        assert first["chat"] == talked.chat


def test_a_snapshot_that_is_another_state_is_found(talked: Talk) -> None:
    stream = stream_of(ChatId(talked.chat))
    assert stream is not None
    folded = parsed(talked.folder, "replay", "--chat", talked.chat)
    state = codec._decode_state(codec._encode(folded["state"]))
    state.preview, state.assignee = "other", None
    row = codec.to_snapshot(stream, state, state.last_at)
    talked.spoil("UPDATE snapshot SET state = ?", row.state)
    code, found = checked(talked)
    assert code == 1
    assert {each["what"] for each in found} == {
        "the snapshot's preview",
        "the snapshot's assignee",
    }
    assert {each["seq"] for each in found} == {talked.head}


def test_a_snapshot_of_another_program_is_no_difference(talked: Talk) -> None:
    talked.spoil("UPDATE snapshot SET ver = 99")
    assert checked(talked) == (0, [])


async def test_it_may_run_while_the_folder_is_served(tmp_path: Path) -> None:
    async with serving(tmp_path) as shop:
        chat, head = await talk(shop)
        folded = parsed(tmp_path, "replay", "--chat", chat)
        assert folded["seq"] >= head
        assert checked(Talk(tmp_path, chat, head)) == (0, [])
        sara = await shop.shopper()
        said = await sara.ask("msg.send", chat=chat, text="Still there?")
        assert said["seq"] > folded["seq"]
        assert checked(Talk(tmp_path, chat, head)) == (0, [])
