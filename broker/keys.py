"""Reading the configuration: every key of it, wherever it is given.

A flag of the command line goes before an environment variable, that before the file,
that before the default. What is wrong is told with its place and the fix.
"""

import difflib
import ipaddress
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, get_args, get_origin

import msgspec
from msgspec import Meta

from broker.config import Config, ConfigError, TlsConfig
from broker.section import Section

FILE = "shopwire.toml"
"""Name of the file that is read from the data folder if no other is named."""
PREFIX = "SHOPWIRE_"
CLOSE = 0.75
"""How alike a word must be to be taken for another one misspelt."""


def _parts(of: object) -> Iterator[object]:
    """Yield `of` and everything it is made of."""
    yield of
    for part in (*get_args(of), *getattr(of, "__metadata__", ())):
        yield from _parts(part)


class Key(NamedTuple):
    """One key, as its type describes it."""

    section: str
    name: str
    type: object
    default: object
    secret: bool
    description: str

    @property
    def path(self) -> str:
        """Its full name, as in the file."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{PREFIX}{self.path.replace('.', '_')}".upper()

    @property
    def listed(self) -> bool:
        """Whether it has several values: with commas between them in a variable."""
        return any(get_origin(t) is tuple for t in _parts(self.type))


class Setting(NamedTuple):
    """A value that somebody has given, and where."""

    key: Key
    value: object
    place: str


def keys() -> Iterator[Key]:
    """Yield every key, in order of the sections."""
    for section in msgspec.structs.fields(Config):
        yield from _keys_of(section.name, section.type)


def _keys_of(section: str, kind: type[Section]) -> Iterator[Key]:
    for field in msgspec.structs.fields(kind):
        parts = list(_parts(field.type))
        nested = [p for p in parts if isinstance(p, type) and issubclass(p, Section)]
        if nested:
            yield from _keys_of(f"{section}.{field.name}", nested[0])
            continue
        metas = [part for part in parts if isinstance(part, Meta)]
        yield Key(
            section,
            field.encode_name,
            field.type,
            None if field.required else field.default,
            any((meta.extra or {}).get("secret") for meta in metas),
            next(meta.description for meta in metas if meta.description),
        )


KEYS = {key.path: key for key in keys()}
VARIABLES = {key.variable: key for key in KEYS.values()}
SECTIONS = frozenset(key.section for key in KEYS.values())


def load(
    folder: Path | None,
    environ: Mapping[str, str],
    *,
    file: Path | None = None,
    flags: Mapping[str, object] | None = None,
) -> Config:
    """Return the configuration for `folder`; `flags` are keys such as `server.port`.

    Raises:
        ConfigError: something in it cannot be used, or a file cannot be read.
    """
    settings: dict[str, Setting] = {}
    if file is None and folder is not None and (folder / FILE).exists():
        file = folder / FILE
    given = [] if file is None else list(_from_file(file))
    given += _from_environment(environ)
    for path, value in (flags or {}).items():
        if value is not None:
            given.append(Setting(KEYS[path], value, f"--{KEYS[path].name}"))
    for setting in given:
        settings[setting.key.path] = setting
    sections: dict[str, dict[str, object]] = {}
    for setting in settings.values():
        values = sections.setdefault(setting.key.section, {})
        values[setting.key.name] = _fitting(setting)
    tls = sections.pop("server.tls", None)
    if tls is not None:
        sections.setdefault("server", {})["tls"] = _checked(tls, settings)
    return msgspec.convert(sections, Config)


def redacted(config: Config) -> dict[str, dict[str, object]]:
    """Return `config` for people to see, its secrets hidden."""
    shown: dict[str, dict[str, object]] = msgspec.to_builtins(config)
    for key in KEYS.values():
        if key.secret and shown[key.section][key.name] is not None:
            shown[key.section][key.name] = "***"
    return shown


def _from_file(file: Path) -> Iterator[Setting]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        why = f"{file} cannot be read: {error.strerror}. Check the name and its rights."
        raise ConfigError(why) from error
    except ValueError as error:  # TOML's own, or not UTF-8
        why = f"{file} is no TOML: {error}. Mend that line; values are `key = value`."
        raise ConfigError(why) from error
    for section, values in document.items():
        if section not in SECTIONS:
            raise ConfigError(_unknown(str(file), section, SECTIONS))
        yield from _settings_in(section, values, file)


def _settings_in(section: str, values: object, file: Path) -> Iterator[Setting]:
    for name, value in _table(values, section, file).items():
        path = f"{section}.{name}"
        if path in SECTIONS:
            yield from _settings_in(path, value, file)
        elif path in KEYS:
            yield Setting(KEYS[path], value, str(file))
        else:
            raise ConfigError(_unknown(str(file), path, KEYS))


def _table(values: object, section: str, file: Path) -> dict[str, object]:
    try:
        return msgspec.convert(values, dict[str, object])
    except msgspec.ValidationError as error:
        why = f"{file}: {section} is a section. Write [{section}] on a line before."
        raise ConfigError(why) from error


def _from_environment(environ: Mapping[str, str]) -> Iterator[Setting]:
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        place = f"environment variable {variable}"
        key = VARIABLES.get(variable)
        from_file = VARIABLES.get(variable.removesuffix("_FILE"))
        if key is not None:
            value: object = environ[variable]
            if key.listed:
                parts = environ[variable].split(",")
                value = [part.strip() for part in parts if part.strip()]
            yield Setting(key, value, place)
        elif from_file is not None and from_file.secret:
            if from_file.variable in environ:
                why = f"{place}: {from_file.variable} is set too. Remove one of them."
                raise ConfigError(why)
            yield Setting(from_file, _secret(Path(environ[variable]), place), place)
        elif _is_meant(variable):
            raise ConfigError(_unknown(place, variable, VARIABLES))


def _is_meant(variable: str) -> bool:
    """Return whether a variable that is not known was meant to be one of ours.

    Kubernetes makes others of the same prefix, such as `SHOPWIRE_SERVICE_HOST`.
    """
    section = variable.removeprefix(PREFIX).lower().partition("_")[0]
    known = section in SECTIONS or section in _LATER
    return known or bool(difflib.get_close_matches(section, SECTIONS, 1, CLOSE + 0.1))


_LATER = frozenset({"tls"})
"""Sections of versions to come: not obeyed, so not to be believed in either."""


def _secret(file: Path, place: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = f"{place}: {file} cannot be read. Check the name and its rights."
        raise ConfigError(why) from error


def _unknown(place: str, name: str, known: Mapping[str, Key] | frozenset[str]) -> str:
    # By the last part first: a key in the wrong section is the likelier mistake.
    matches = [
        other for other in known if other.endswith(f".{name.rpartition('.')[2]}")
    ]
    matches += difflib.get_close_matches(name, known, 1, CLOSE)
    advice = f"Did you mean {matches[0]}?" if matches else "Remove it."
    return f"{place}: {name} is not known to this version. {advice}"


def _fitting(setting: Setting) -> object:
    """Return the setting's value, as its key takes it."""
    key, value, place = setting
    # What is text by nature is read leniently: "8080" is a number there.
    strict = not place.startswith("environment")
    try:
        fitting: object = msgspec.convert(value, type=key.type, strict=strict)
    except msgspec.ValidationError as error:
        # msgspec never quotes the value, which may be a secret.
        raise ConfigError(_wrong(key, place, str(error))) from error
    # All other lists are of networks.
    if key.listed and key.section != "shopify":
        for network in msgspec.convert(fitting, tuple[str, ...]):
            _check_network(network, key, place)
    return fitting


def _checked(tls: dict[str, object], settings: dict[str, Setting]) -> TlsConfig:
    """Return files that TLS can work with, for a start is when somebody is looking."""
    # Late: few need it.
    from broker.edge.tls import BadCertificate, context_of  # noqa: PLC0415

    place = next(s.place for s in settings.values() if s.key.section == "server.tls")
    for name in TlsConfig.__struct_fields__:
        if name not in tls:
            why = f"{place}: server.tls.{name} is missing. Give both, or neither."
            raise ConfigError(why)
    config = msgspec.convert(tls, TlsConfig)
    try:
        context_of(Path(config.cert), Path(config.key))
    except BadCertificate as error:
        key, _, place = settings[f"server.tls.{error.part}"]
        raise ConfigError(_wrong(key, place, str(error))) from error
    return config


def _check_network(network: str, key: Key, place: str) -> None:
    try:
        ipaddress.ip_network(network)
    except ValueError as error:
        try:
            meant = str(ipaddress.ip_network(network, strict=False))
        except ValueError:
            meant = "10.0.0.0/8"
        reason = f"{network!r} is no network; write one as {meant!r}"
        raise ConfigError(_wrong(key, place, reason)) from error


def _wrong(key: Key, place: str, reason: str) -> str:
    default = "none" if key.default in (None, ()) else key.default
    return (
        f"{place}: {key.path}: {reason}. Correct it, or remove it to get the default"
        f" ({default})."
    )
