"""Settings of how long a shopper may wait, and we for them."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from actors.settings.fields import Minutes, Problem, Section, Text, empty


class CheckInSettings(Section, frozen=True):
    """How long a shopper may wait without a sign of life (spec U6)."""

    enabled: bool = True
    remind_s: Annotated[int, Meta(ge=5, le=86_400)] = 180
    breach_s: Annotated[int, Meta(ge=6, le=86_400)] = 300
    auto_s: Annotated[int, Meta(ge=5, le=86_400)] | None = None
    auto_text: Text = "Still looking into this. Thank you for your patience."


class IdleSettings(Section, frozen=True):
    """When a chat is closed whose shopper does not answer any more (spec F43)."""

    close_min: Minutes | None = None
    """Of silence after our last word; `None`: never."""
    warn_min: Minutes | None = None
    """Before that, in which the shopper is warned; `None`: not at all."""
    warn_text: Text = "Are you still there? This chat will be closed soon."


class SlaPolicy(Section, frozen=True):
    """What the shop promises, in seconds of open hours (spec F41)."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    first_response: Annotated[int, Meta(ge=1, le=30 * 86_400)] | None = None
    """From the first message to the first answer by a human."""
    next_response: Annotated[int, Meta(ge=1, le=30 * 86_400)] | None = None
    """From any later message that nobody has answered to the answer."""
    resolution: Annotated[int, Meta(ge=1, le=365 * 86_400)] | None = None
    """From the first message to the end."""


class SlaSettings(Section, frozen=True):
    """The policies; each is measured by itself."""

    policies: Annotated[tuple[SlaPolicy, ...], Meta(max_length=20)] = ()


def problems(
    check_in: CheckInSettings, idle: IdleSettings, sla: SlaSettings
) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    if check_in.breach_s <= check_in.remind_s:
        yield Problem("$.check_in.breach_s", "must be more than remind_s")
    if check_in.auto_s is not None:
        if not check_in.remind_s <= check_in.auto_s < check_in.breach_s:
            reason = "must be at least remind_s and less than breach_s"
            yield Problem("$.check_in.auto_s", reason)
        text = check_in.auto_text
        yield from empty(text, "$.check_in.auto_text", "is empty but auto_s is set")
    if idle.warn_min is not None:
        if idle.close_min is None or idle.warn_min >= idle.close_min:
            yield Problem("$.idle.warn_min", "must be less than close_min")
        yield from empty(
            idle.warn_text, "$.idle.warn_text", "is empty but warn_min is set"
        )
    yield from _unmeasurable(sla)


def _unmeasurable(sla: SlaSettings) -> Iterator[Problem]:
    names: set[str] = set()
    for number, policy in enumerate(sla.policies):
        path = f"$.sla.policies[{number}]"
        if policy.name in names:
            yield Problem(f"{path}.name", "is there twice")
        names.add(policy.name)
        if policy.first_response is policy.next_response is policy.resolution is None:
            yield Problem(path, "promises nothing")
