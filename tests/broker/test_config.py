from pathlib import Path

import msgspec
import pytest

from broker.config import Config, ConfigError
from broker.keys import KEYS, Key, load, redacted

TOKEN = "sixteen letters!"


def in_file(folder: Path, text: str) -> Config:
    (folder / "shopwire.toml").write_text(text)
    return load(folder, {})


def refusal(**environ: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load(None, environ)
    return str(refused.value)


def test_an_empty_folder_has_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == Config()


def test_the_file_in_the_folder_is_read(tmp_path: Path) -> None:
    config = in_file(tmp_path, '[limits]\ntrusted_networks = ["10.0.0.0/8"]\n')
    assert config.limits.trusted_networks == ("10.0.0.0/8",)


def test_a_named_file_is_read_in_its_place(tmp_path: Path) -> None:
    in_file(tmp_path, "[server]\nport = 1\n")
    other = tmp_path / "other.toml"
    other.write_text("[server]\nport = 2\n")
    assert load(tmp_path, {}, file=other).server.port == 2


def test_a_flag_goes_before_the_environment_and_that_before_the_file(
    tmp_path: Path,
) -> None:
    assert in_file(tmp_path, "[server]\nport = 1\n").server.port == 1
    environ = {"SHOPWIRE_SERVER_PORT": "2"}
    assert load(tmp_path, environ).server.port == 2
    assert load(tmp_path, environ, flags={"server.port": 3}).server.port == 3
    assert load(tmp_path, environ, flags={"server.port": None}).server.port == 2


PLAIN = {path: key for path, key in KEYS.items() if key.section != "server.tls"}
"""Those of TLS are two files, which are looked at at once."""


@pytest.mark.parametrize("key", PLAIN.values(), ids=PLAIN)
def test_every_key_has_a_variable(key: Key) -> None:
    value = {
        "server.public_url": "https://chat.example",
        "server.trusted_proxies": "10.0.0.0/8, ::1/128",
        "outward.private": "10.0.0.0/8, ::1/128",
        "limits.trusted_networks": "10.0.0.0/8, ::1/128",
        "cluster.networks": "10.0.0.0/8, ::1/128",
        "cluster.nats": "nats://user:password@one:4222,two:4222",
        "metrics.token": TOKEN,
        "sms.auth_token": TOKEN,
        "shopify.secret": TOKEN,
        "shopify.shops": "default=one.example, outlet=two.example",
        "mail.password": TOKEN,
        "ai.openai_key": TOKEN,
        "ai.webhook_secret": TOKEN,
        "ai.zendesk_token": TOKEN,
        "ai.gorgias_key": TOKEN,
        "mail.port": "25",
        "log.access": "true",
        "limits.total": "1000",
    }.get(key.path, str(key.default))
    config = msgspec.to_builtins(load(None, {key.variable: value}))
    got = config[key.section][key.name]
    if key.listed:
        assert got == tuple(value.split(", "))
    else:
        assert str(got).lower() == value.lower()


def test_an_empty_list_in_a_variable_is_none() -> None:
    assert load(None, {"SHOPWIRE_LIMITS_TRUSTED_NETWORKS": ""}) == Config()


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(TOKEN + "\n")
    environ = {"SHOPWIRE_METRICS_TOKEN_FILE": str(tmp_path / "secret")}
    assert load(None, environ).metrics.token == TOKEN
    said = refusal(SHOPWIRE_METRICS_TOKEN=TOKEN, **environ)
    assert "SHOPWIRE_METRICS_TOKEN_FILE" in said
    assert "Remove one" in said


def test_a_secrets_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = refusal(SHOPWIRE_METRICS_TOKEN_FILE=str(tmp_path / "nothing"))
    assert "SHOPWIRE_METRICS_TOKEN_FILE" in said
    assert "nothing" in said


def test_what_is_no_secret_has_no_file_variable() -> None:
    assert "SHOPWIRE_SERVER_PORT" in refusal(SHOPWIRE_SERVER_PORT_FILE="x")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[server]\nprot = 1", ["server.prot", "server.port"]),
        ("[sever]\nport = 1", ["sever", "server"]),
        ("[limits]\nport = 1", ["limits.port", "server.port"]),
        ("[mail]\nfrom = 'x'", ["mail.from", "no-reply@localhost"]),
        ("[mail]\nsender = 'a@b'", ["mail.sender", "not known to this version"]),
        ("[server]\nthreads = 4", ["server.threads", "Remove it"]),
        ("[server]\nworkers = 4", ["server.workers", "cluster.workers"]),
        ("port = 8080", ["port", "not known"]),
        ("server = 8080", ["[server]"]),
        ("[server]\nport = 'x'", ["server.port", "`int`", "8080"]),
        ("[server]\nport = '8080'", ["server.port", "`int`"]),
        ("[server]\nport = 65536", ["server.port", "65535"]),
        ("[server]\npublic_url = 'https://x/y'", ["server.public_url"]),
        ("[limits]\ntrusted_networks = ['10.1.2.3/8']", ["10.1.2.3/8", "10.0.0.0/8"]),
        ("[limits]\ntrusted_networks = ['home']", ["limits.trusted_networks", "home"]),
        ("[server]\ntrusted_proxies = ['x']", ["server.trusted_proxies"]),
        ("[limits]\nhead_s = 0", ["limits.head_s"]),
        ("[storage]\ndurability = 'some'", ["storage.durability", "full"]),
        ("[server\n", ["TOML", "line 1"]),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_place_and_the_fix(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        in_file(tmp_path, text)
    for part in (str(tmp_path / "shopwire.toml"), *parts):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value", "part"),
    [
        ("SHOPWIRE_SERVER_PORT", "x", "server.port"),
        ("SHOPWIRE_SERVER_PROT", "1", "SHOPWIRE_SERVER_PORT"),
        ("SHOPWIRE_SEVER_PORT", "1", "SHOPWIRE_SERVER_PORT"),
        ("SHOPWIRE_MAIL_SENDER", "x", "not known"),
        ("SHOPWIRE_LIMITS_TRUSTED_NETWORKS", "x", "limits.trusted_networks"),
    ],
)
def test_what_is_wrong_in_the_environment_is_told_with_the_variable(
    variable: str, value: str, part: str
) -> None:
    said = refusal(**{variable: value})
    assert variable in said
    assert part in said


def test_variables_that_others_make_with_our_prefix_are_left_alone() -> None:
    environ = {"SHOPWIRE_SERVICE_HOST": "10.0.0.1", "SHOPWIRE_PORT": "tcp://10.0.0.1"}
    assert load(None, environ) == Config()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml"):
        load(tmp_path, {}, file=tmp_path / "nothing.toml")


def test_a_bad_secret_is_not_repeated() -> None:
    assert "hush" not in refusal(SHOPWIRE_METRICS_TOKEN="hush")


def test_secrets_are_hidden_when_shown() -> None:
    config = load(None, {"SHOPWIRE_METRICS_TOKEN": TOKEN})
    assert redacted(config)["metrics"] == {"token": "***"}
    assert TOKEN not in str(redacted(config))
    assert TOKEN not in repr(config)
    assert redacted(Config())["metrics"] == {"token": None}
