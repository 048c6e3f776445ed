from actors.refusals import Reason
from broker.wire.errors import FINAL, TABLE, Broken, Close, Code, refuse

CODES = """
auth_failed, hello_timeout, login_required, tab_hidden, chat_disabled, forbidden,
not_found, bad_frame, bad_utf8, too_big, rate_limited, chat_closed, bad_status,
bad_time, bad_cursor, stale_head, resync_required, no_blob, bad_blob,
macro_missing_var, agent_offline, agent_full, no_agents, conflict, handoff_failed,
unavailable, erased, shutting_down
"""
CLOSE_CODES = {
    1000,
    1002,
    1003,
    1007,
    1009,
    1012,
    1013,
    4000,
    4001,
    4003,
    4008,
    4009,
    4029,
}


def test_the_table_has_the_codes_of_the_contract_and_no_others() -> None:
    assert [code.value for code in TABLE] == CODES.replace(",", " ").split()
    assert set(TABLE) == set(Code)


def test_the_close_codes_are_the_contracts() -> None:
    assert {int(code) for code in Close} == CLOSE_CODES


def test_three_refusals_may_be_tried_again() -> None:
    again = {code for code, meaning in TABLE.items() if meaning.retry}
    assert again == {Code.RATE_LIMITED, Code.UNAVAILABLE, Code.SHUTTING_DOWN}


def test_after_three_close_codes_a_client_stays_away() -> None:
    assert {int(code) for code in FINAL} == {4001, 4003, 4009}


def test_every_reason_of_the_rules_is_a_code() -> None:
    assert {reason.value for reason in Reason} <= {code.value for code in Code}


def test_a_refusal_says_what_the_table_says() -> None:
    err = refuse("7", Code.TOO_BIG, limit=8192)
    assert (err.re, err.code, err.retry, err.limit) == ("7", "too_big", False, 8192)
    assert err.message == TABLE[Code.TOO_BIG].text


def test_a_broken_protocol_says_how_to_close() -> None:
    assert Broken(Close.AUTH).err is None
    assert str(Broken(Close.BROKEN)) == "4000"
