"""Having something done in a folder, by its broker or in its place."""

from pathlib import Path
from typing import TypeVar

import click
import msgspec
import trio

from broker.admin import ask_server
from broker.cluster import house
from broker.config import Config
from broker.office.requests import AnyAnswer, AnyRequest, Denied, Request
from storage.errors import DataHeld

PATIENCE_S = 5.0
"""Seconds to wait for a folder that is held by one who does not answer: another
command, or a broker that has only begun or is about to end."""
AGAIN_S = 0.05


R = TypeVar("R", bound=Request)


def request(kind: type[R], fields: dict[str, object]) -> R:
    """Return the request with these fields, those that were not given left out.

    Raises:
        click.UsageError: a field is not as it should be.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise click.UsageError(str(error).replace("`$.", "`--")) from error


def ask(folder: Path, config: Config, request: AnyRequest) -> AnyAnswer:
    """Return the answer to `request`, which is durable then.

    Raises:
        click.ClickException: it was denied.
        StorageError: the folder cannot be used.
    """
    answer = trio.run(_ask, folder, config, request)
    if isinstance(answer, Denied):
        raise click.ClickException(str(answer))
    return answer


async def _ask(folder: Path, config: Config, request: AnyRequest) -> AnyAnswer | Denied:
    deadline = trio.current_time() + PATIENCE_S
    while True:
        try:
            answer = await _ask_owner(folder, request)
        except TimeoutError as error:
            why = (
                "The broker has not answered; look whether it was done, and try again."
            )
            raise click.ClickException(why) from error
        if answer is not None:
            return answer
        try:
            return await _in_its_place(folder, config, request)
        except DataHeld:
            if trio.current_time() > deadline:
                raise
            await trio.sleep(AGAIN_S)


async def _ask_owner(folder: Path, request: AnyRequest) -> AnyAnswer | Denied | None:
    """Return what the broker says that has the folder, or one of its workers'."""
    for place in house.places(folder):
        answer = await ask_server(place, request)
        if answer is not None:
            return answer
    return None


async def _in_its_place(
    folder: Path, config: Config, request: AnyRequest
) -> AnyAnswer | Denied:
    # A folder that is served needs none of it.
    from broker.office.clerk import carry_out  # noqa: PLC0415  # late, for that
    from broker.server import Broker  # noqa: PLC0415  # likewise

    async with Broker.open(folder, config) as broker:
        return await carry_out(broker, request)
