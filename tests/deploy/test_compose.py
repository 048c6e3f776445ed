"""The files for containers are what an engine takes, and what the program does.

`docker compose` is asked where it is. Elsewhere they are held against what the compose
specification says of the keys that we use.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from broker.commands.serve import LAST_WORD_S
from broker.config import Config
from broker.keys import load
from tests.cluster.servers import program
from tests.faults.processes import ROOT

CONTAINER = ROOT / "deploy/container"
CONTAINERFILE = (CONTAINER / "Containerfile").read_text()
OVERLAYS = ["compose.proxy.yaml", "compose.cluster.yaml"]
NODES = ("shopwire", "shopwire-two")
Mapped = dict[str, Any]

TEXT: Mapped = {"type": "string"}
TEXTS: Mapped = {"type": "array", "items": TEXT}
ENVIRONMENT: Mapped = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
CONDITION: Mapped = {
    "type": "object",
    "required": ["condition"],
    "additionalProperties": False,
    "properties": {
        "condition": {"enum": ["service_started", "service_healthy"]},
    },
}
SERVICE: Mapped = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "image": TEXT,
        "build": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"context": TEXT, "dockerfile": TEXT},
        },
        "extends": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"file": TEXT, "service": TEXT},
        },
        "ports": TEXTS,
        "volumes": TEXTS,
        "environment": ENVIRONMENT,
        "command": TEXTS,
        "configs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"source": TEXT, "target": TEXT},
            },
        },
        "depends_on": {
            "oneOf": [TEXTS, {"type": "object", "additionalProperties": CONDITION}]
        },
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "stop_grace_period": {"type": "string", "pattern": r"^(\d+m)?(\d+s)?$"},
        "ulimits": {"type": "object", "additionalProperties": {"type": "integer"}},
        "read_only": {"type": "boolean"},
        "tmpfs": TEXTS,
        "cap_drop": TEXTS,
        "security_opt": TEXTS,
        "networks": TEXTS,
        "logging": {
            "type": "object",
            "additionalProperties": False,
            "required": ["driver", "options"],
            "properties": {
                "driver": {"enum": ["json-file", "local"]},
                "options": {"type": "object", "additionalProperties": TEXT},
            },
        },
    },
}
FILE: Mapped = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "object"}},
        "networks": {"type": "object", "additionalProperties": {"type": "object"}},
        "configs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"content": TEXT},
            },
        },
    },
}
"""Of the specification, the part that these files use."""


class Loader(yaml.SafeLoader):
    """Reads what is laid over another file as if it stood alone."""


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    return [loader.construct_object(each, deep=True) for each in node.value]


for tag in ("!override", "!reset"):
    Loader.add_constructor(tag, _plain)


def read(name: str) -> Mapped:
    """Return what a file says."""
    said = yaml.load((CONTAINER / name).read_text(), Loader)  # noqa: S506 - a safe one
    return msgspec.convert(said, Mapped)


BASE = read("compose.yaml")
FILES = {"compose.yaml": BASE} | {name: read(name) for name in OVERLAYS}


def environment(name: str, service: str) -> dict[str, str]:
    """Return what a service of ours is started with, over what the image says."""
    own = dict(re.findall(r"(SHOPWIRE_\w+)=(\S+)", CONTAINERFILE))
    for said in (BASE["services"]["shopwire"], FILES[name]["services"][service]):
        own |= {key: text for key, text in said["environment"].items() if text}
    return own


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_what_the_specification_knows(name: str) -> None:
    jsonschema.validate(FILES[name], FILE)


@pytest.mark.parametrize("name", FILES)
def test_whatever_a_service_names_is_there(name: str) -> None:
    said = FILES[name]
    places = {*BASE["volumes"], *said.get("volumes", {})}
    for service in said["services"].values():
        for network in service.get("networks", ()):
            assert network in BASE["networks"]
        for config in service.get("configs", ()):
            assert config["source"] in said["configs"]
        for other in service.get("depends_on", ()):
            assert other in {**BASE["services"], **said["services"]}
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if "/" in source:
                assert (CONTAINER / source).is_file()
            else:
                assert source in places


def test_the_image_is_built_of_what_is_there() -> None:
    build = BASE["services"]["shopwire"]["build"]
    context = (CONTAINER / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).read_text() == CONTAINERFILE
    ignored = (ROOT / ".dockerignore").read_text().split()
    for source in re.findall(r"^COPY (?!--from)(\S+)", CONTAINERFILE, re.MULTILINE):
        assert (ROOT / source).exists()
        assert source not in ignored


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("compose.yaml", "shopwire"),
        ("compose.proxy.yaml", "shopwire"),
        *(("compose.cluster.yaml", node) for node in NODES),
    ],
)
def test_every_variable_is_a_key_and_its_value_fits(
    name: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = environment(name, service)
    folder = Path(said.pop("SHOPWIRE_DATA"))
    assert f"VOLUME {folder}" in CONTAINERFILE
    public = said.get("SHOPWIRE_SERVER_PUBLIC_URL")
    if public is not None:
        # Compose puts it in.
        monkeypatch.setitem(said, "SHOPWIRE_SERVER_PUBLIC_URL", "https://shop.example")
        assert public.startswith("https://${SHOPWIRE_HOST:?")
    config = load(folder, said)
    assert config.server.host == "0.0.0.0"  # noqa: S104  # inside its own network
    networks = BASE["networks"]["inside"]["ipam"]["config"]
    assert [*config.server.trusted_proxies] == [networks[0]["subnet"]]


def test_the_nodes_of_a_cluster_share_nothing_but_the_servers() -> None:
    said = FILES["compose.cluster.yaml"]
    configs = [
        load(None, environment("compose.cluster.yaml", node)).cluster for node in NODES
    ]
    assert len({each.node for each in configs}) == len(configs)
    for node, config in zip(NODES, configs, strict=True):
        assert config.address.partition(":")[0] == node
        assert config.nats is not None
        names = re.findall(r"(?:\w+://)?([\w-]+):4222", config.nats)
        assert set(names) == set(said["services"]) - set(NODES)
    two = said["services"]["shopwire-two"]
    one = BASE["services"]["shopwire"]
    assert not set(two["volumes"]) & set(one["volumes"])
    assert not set(two["ports"]) & set(one["ports"])


def test_the_image_says_the_port_that_is_served() -> None:
    port = Config().server.port
    assert re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE) == [str(port)]
    assert f"http://127.0.0.1:{port}/readyz" in CONTAINERFILE
    for mapped in BASE["services"]["shopwire"]["ports"]:
        assert mapped.endswith(f":{port}")


def test_nobody_is_killed_while_it_drains() -> None:
    (seconds,) = re.findall(
        r"(\d+)s", str(BASE["services"]["shopwire"]["stop_grace_period"])
    )
    assert int(seconds) > LAST_WORD_S
    assert "STOPSIGNAL SIGTERM" in CONTAINERFILE


def test_nobody_is_root_in_it() -> None:
    users = re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE)
    assert users == ["shopwire"]
    # Before the volume is declared, so that a fresh one is that user's.
    made = "install -d -m 0700 -o shopwire -g shopwire /data"
    assert CONTAINERFILE.index(made) < CONTAINERFILE.index("\nVOLUME /data")


@pytest.mark.parametrize("name", FILES)
def test_no_log_is_kept_for_ever(name: str) -> None:
    for service in FILES[name]["services"].values():
        if "image" in service:
            assert {"max-size", "max-file"} <= set(service["logging"]["options"])


def test_nats_takes_its_file(tmp_path: Path) -> None:
    content = FILES["compose.cluster.yaml"]["configs"]["nats"]["content"]
    file = tmp_path / "nats.conf"
    file.write_text(content.replace("/data", str(tmp_path / "data")))
    run = [program(), "-c", str(file), "--name", "nats-1", "-t"]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("overlay", [None, *OVERLAYS])
def test_compose_takes_them(overlay: str | None) -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run(
            [docker, "compose", "version"], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("there is no `docker compose` here")
    names = ["compose.yaml", *([overlay] if overlay else [])]
    files = [word for name in names for word in ("-f", CONTAINER / name)]
    done = subprocess.run(
        [docker, "compose", *files, "config", "--format", "json"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"SHOPWIRE_HOST": "shop.example"},
    )
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert services["shopwire"]["read_only"]
    if overlay == "compose.proxy.yaml":
        # Who gets round the proxy would be believed to be one.
        assert "ports" not in services["shopwire"]
    if overlay == "compose.cluster.yaml":
        two = services["shopwire-two"]
        assert [each["source"] for each in two["volumes"]] == ["data-two"]
        assert [each["published"] for each in two["ports"]] == ["8081"]
