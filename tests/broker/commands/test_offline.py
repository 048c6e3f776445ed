"""Commands in a folder that nobody serves."""

import stat
from pathlib import Path
from typing import Any

import jwt
import pytest

from broker.gate import AUDIENCE
from storage.lock import DataLock
from tests.broker.commands.typed import parsed, printed, typed

pytestmark = pytest.mark.slow


def claims(folder: Path, token: str) -> dict[str, Any]:
    """Return what a shopper's token says, checked as the shop's backend does."""
    (key,) = parsed(folder, "site", "show", "default")["keys"]
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    said: dict[str, Any] = jwt.decode(
        token, key["secret"], algorithms=[key["alg"]], audience=AUDIENCE
    )
    return said


def test_a_token_is_one_line_that_the_shops_key_has_signed(tmp_path: Path) -> None:
    words = ("--role", "shopper", "--sub", "sara", "--name", "Sara", "--ttl", "60")
    output = printed(tmp_path, "token", *words)
    assert output.count("\n") == 1
    said = claims(tmp_path, output.strip())
    assert (said["sub"], said["role"], said["site"]) == ("sara", "shopper", "default")
    assert said["name"] == "Sara"
    assert said["exp"] - said["iat"] == 60
    assert said["jti"]


def test_a_fresh_folder_is_founded_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    printed(folder, "token", "--role", "shopper", "--sub", "sara")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_agents_token_is_not_signed_with_a_key_that_a_shop_has(
    tmp_path: Path,
) -> None:
    token = printed(tmp_path, "token", "--role", "agent", "--sub", "ann").strip()
    shown = parsed(tmp_path, "site", "show", "default")
    kid = jwt.get_unverified_header(token)["kid"]
    assert kid not in [key["kid"] for key in shown["keys"]]
    (ann,) = parsed(tmp_path, "agent", "list")
    assert (ann["id"], ann["role"], ann["login"]) == ("ann", "agent", False)


@pytest.mark.parametrize(
    "words",
    [
        ("--role", "king", "--sub", "x"),
        ("--role", "shopper"),
        ("--role", "shopper", "--sub", ""),
        ("--role", "shopper", "--sub", "x" * 65),
        ("--role", "shopper", "--sub", "x", "--ttl", "0"),
        ("--role", "shopper", "--sub", "x", "--email", "none"),
    ],
)
def test_a_token_that_makes_no_sense_is_a_usage_error(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = typed("token", *words, "--data", tmp_path)
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_sites_are_added_listed_and_shown(tmp_path: Path) -> None:
    added = parsed(tmp_path, "site", "add", "outlet", "--title", "The Outlet")
    assert parsed(tmp_path, "site", "show", "outlet") == added
    assert added["name"] == "The Outlet"
    assert 'data-site="outlet"' in added["snippet"]
    assert "/widget.js" in added["snippet"]
    listed = parsed(tmp_path, "site", "list")
    assert [site["id"] for site in listed] == ["default", "outlet"]
    again = typed("site", "add", "outlet", "--data", tmp_path)
    assert (again.exit_code, "already" in again.output) == (1, True)
    nowhere = typed("site", "show", "nowhere", "--data", tmp_path)
    assert (nowhere.exit_code, "outlet" in nowhere.output) == (1, True)
    bad = typed("site", "add", "A B", "--data", tmp_path)
    assert (bad.exit_code, "--site" in bad.output) == (2, True)


def test_keys_are_listed_added_and_removed(tmp_path: Path) -> None:
    added = parsed(tmp_path, "site", "add", "outlet")
    assert parsed(tmp_path, "site", "keys", "list", "--site", "outlet") == added["keys"]
    words = ("--role", "shopper", "--sub", "sara", "--site", "outlet")
    old = printed(tmp_path, "token", *words).strip()
    new = parsed(tmp_path, "site", "keys", "add", "--site", "outlet")
    listed = parsed(tmp_path, "site", "keys", "list", "--site", "outlet")
    assert listed == [*added["keys"], new]
    # The newest signs, the others are good yet.
    token = printed(tmp_path, "token", *words).strip()
    assert jwt.get_unverified_header(token)["kid"] == new["kid"]
    kid = jwt.get_unverified_header(old)["kid"]
    elsewhere = typed("site", "keys", "remove", kid, "--data", tmp_path)
    assert (elsewhere.exit_code, "no such key" in elsewhere.output) == (1, True)
    gone = ("site", "keys", "remove", kid, "--site", "outlet")
    assert parsed(tmp_path, *gone) == {"site": "outlet", "kid": kid}
    listed = parsed(tmp_path, "site", "keys", "list", "--site", "outlet")
    assert listed == [new]
    last = ("site", "keys", "remove", new["kid"], "--site", "outlet")
    refused = typed(*last, "--data", tmp_path)
    assert (refused.exit_code, "last key" in refused.output) == (1, True)
    nowhere = typed("site", "keys", "list", "--site", "x", "--data", tmp_path)
    assert (nowhere.exit_code, "no site x" in nowhere.output) == (1, True)


def test_the_last_admin_of_a_site_is_not_disabled(tmp_path: Path) -> None:
    for admin in ("ann", "boss"):
        parsed(tmp_path, "agent", "add", admin, "--role", "admin")
    assert parsed(tmp_path, "agent", "disable", "ann")["disabled"] is True
    refused = typed("agent", "disable", "boss", "--data", tmp_path)
    assert (refused.exit_code, "last admin" in refused.output) == (1, True)


def test_the_snippet_names_the_public_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed(tmp_path, "token", "--role", "shopper", "--sub", "x")
    monkeypatch.setenv("SHOPWIRE_SERVER_PUBLIC_URL", "https://chat.example")
    shown = parsed(tmp_path, "site", "show", "default")
    assert 'src="https://chat.example/widget.js"' in shown["snippet"]


def test_agents_are_added_listed_disabled_and_enabled(tmp_path: Path) -> None:
    parsed(tmp_path, "agent", "add", "boss", "--role", "admin")
    words = ("agent", "add", "ann", "--name", "Ann", "--email", "ann@shop.example")
    added = parsed(tmp_path, *words, "--role", "admin")
    assert (added["role"], added["login"], added["disabled"]) == ("admin", False, False)
    secret = "correct horse battery\n"
    assert parsed(tmp_path, "agent", "password", "ann", stdin=secret)["login"] is True
    assert parsed(tmp_path, "agent", "disable", "ann")["disabled"] is True
    refused = typed("token", "--role", "agent", "--sub", "ann", "--data", tmp_path)
    assert (refused.exit_code, "disabled" in refused.output) == (1, True)
    assert parsed(tmp_path, "agent", "enable", "ann")["disabled"] is False
    _, ann = parsed(tmp_path, "agent", "list", "--site", "default")
    assert ann == added | {"login": True}
    again = typed(*words, "--data", tmp_path)
    assert again.exit_code == 1


def test_a_password_is_read_and_never_an_argument(tmp_path: Path) -> None:
    secret = "correct horse battery\n"
    added = parsed(tmp_path, "agent", "add", "ann", "--password", stdin=secret)
    assert added["login"] is True
    short = typed("agent", "password", "ann", "--data", tmp_path, stdin="short\n")
    assert short.exit_code == 2
    assert "short" not in short.output.replace("shorter", "")


def test_what_only_reads_makes_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "nothing"
    for words in (
        ("site", "list"),
        ("site", "show", "default"),
        ("agent", "list"),
        ("replay", "--all"),
        ("doctor",),
        ("backup", str(tmp_path / "copy")),
    ):
        result = typed(*words, "--data", folder)
        assert result.exit_code == 1
        assert "no journal" in result.output
    assert not folder.exists()


def test_a_folder_that_is_held_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.commands.asking.PATIENCE_S", 0.2)
    with DataLock(tmp_path):
        result = typed("site", "add", "outlet", "--data", tmp_path)
    assert result.exception is not None
    assert "in use by process" in str(result.exception)
    assert parsed(tmp_path, "site", "add", "outlet")["id"] == "outlet"


def test_a_configuration_is_checked_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shopwire.toml").write_text("[server]\nport = 9000\n")
    monkeypatch.setenv("SHOPWIRE_METRICS_TOKEN", "sixteen letters!")
    assert "in order" in printed(tmp_path, "config", "check")
    shown = parsed(tmp_path, "config", "show")
    assert shown["server"]["port"] == 9000
    assert shown["metrics"] == {"token": "***"}
    monkeypatch.setenv("SHOPWIRE_SERVER_PORT", "x")
    result = typed("config", "check", "--data", tmp_path)
    assert "SHOPWIRE_SERVER_PORT" in str(result.exception)


def test_a_site_is_carried_to_another_folder_in_a_file(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "site.toml"
    parsed(here, "site", "add", "outlet")
    file.write_text('[settings.chat]\nwelcome = "Ahoy, „ąę”"\n')
    put = parsed(here, "site", "import", "outlet", file)
    assert put == {"site": "outlet", "versions": {"settings": 1}}
    exported = printed(here, "site", "export", "outlet")
    assert 'welcome = "Ahoy, „ąę”"' in exported
    file.write_text(exported)
    parsed(there, "site", "add", "outlet")
    parsed(there, "site", "import", "outlet", file)
    assert printed(there, "site", "export", "outlet") == exported
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(exported.replace("remind_s = 180", "remind_s = 4"))
    refused = typed("site", "import", "outlet", wrong, "--data", there)
    assert refused.exit_code == 1
    assert "$.settings.check_in.remind_s" in refused.output
    assert printed(there, "site", "export", "outlet") == exported
