"""Moments, as people write them."""

from datetime import UTC, datetime

import click

from actors.ids import Millis


class Moment(click.ParamType[Millis]):
    """ISO 8601, in UTC unless it says otherwise, or milliseconds since 1970."""

    name = "TIME"

    def convert(
        self,
        value: str | Millis,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Millis:
        """Return the moment."""
        if isinstance(value, int):
            return value
        if value.isdigit():
            return Millis(int(value))
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write 2026-11-22T14:03:20Z", param, ctx)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return Millis(int(moment.timestamp() * 1000))


MOMENT = Moment()
