"""Settings of how long a shopper may wait, and we for them."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from actors.settings.fields import Minutes, Problem, Section, Text, empty, says


class CheckInSettings(Section, frozen=True):
    """How long a shopper may wait without a sign of life (spec U6)."""

    enabled: Annotated[
        bool, says("Whether agents are reminded of shoppers who wait.")
    ] = True
    remind_s: Annotated[
        int, Meta(ge=5, le=86_400), says("Seconds of silence after which they are.")
    ] = 180
    breach_s: Annotated[
        int,
        Meta(ge=6, le=86_400),
        says("Seconds after which it counts as missed, and supervisors hear of it."),
    ] = 300
    auto_s: Annotated[
        Annotated[int, Meta(ge=5, le=86_400)] | None,
        says("Seconds after which the broker says something itself; null: never."),
    ] = None
    auto_text: Annotated[Text, says("What it says then.")] = (
        "Still looking into this. Thank you for your patience."
    )


class IdleSettings(Section, frozen=True):
    """When a chat is closed whose shopper does not answer any more (spec F43)."""

    close_min: Annotated[
        Minutes | None,
        says(
            "Minutes of a shopper's silence after which the chat is closed; "
            "null: never."
        ),
    ] = None
    warn_min: Annotated[
        Minutes | None,
        says("Minutes before that at which they are warned; null: not at all."),
    ] = None
    warn_text: Annotated[Text, says("What they are warned with.")] = (
        "Are you still there? This chat will be closed soon."
    )


class SlaPolicy(Section, frozen=True):
    """What the shop promises, in seconds of open hours (spec F41)."""

    name: Annotated[
        str, Meta(min_length=1, max_length=64), says("What reports call it.")
    ]
    first_response: Annotated[
        Annotated[int, Meta(ge=1, le=30 * 86_400)] | None,
        says(
            "Seconds from the first message to the first answer by a human; "
            "null: not measured."
        ),
    ] = None
    next_response: Annotated[
        Annotated[int, Meta(ge=1, le=30 * 86_400)] | None,
        says("Seconds from any later message to the answer."),
    ] = None
    resolution: Annotated[
        Annotated[int, Meta(ge=1, le=365 * 86_400)] | None,
        says("Seconds from the first message to the end."),
    ] = None


class SlaSettings(Section, frozen=True):
    """The policies; each is measured by itself."""

    policies: Annotated[
        tuple[SlaPolicy, ...],
        Meta(max_length=20),
        says("What the shop promises; each is measured by itself."),
    ] = ()


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
