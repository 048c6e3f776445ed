"""A site's settings: one typed document, versioned and swapped whole.

Every field has a default with which a fresh site works. Spec F1, protocol section 8.
"""

import msgspec

from actors.settings import ai, assignment, attention, hours, outward, storefront
from actors.settings.ai import AiSettings
from actors.settings.assignment import AssignmentSettings, InboxSettings
from actors.settings.attention import CheckInSettings, IdleSettings, SlaSettings
from actors.settings.fields import Problem, Section
from actors.settings.hours import HoursSettings
from actors.settings.outward import EmailSettings, SmsSettings
from actors.settings.retention import RetentionSettings
from actors.settings.storefront import (
    ChatSettings,
    LegalSettings,
    RatingSettings,
    ReceiptSettings,
)


class Settings(Section, frozen=True):
    """The whole document of one site."""

    # Made by a factory for the API's description, which hashes plain defaults.
    chat: ChatSettings = msgspec.field(default_factory=ChatSettings)
    legal: LegalSettings = LegalSettings()
    hours: HoursSettings = HoursSettings()
    email: EmailSettings = EmailSettings()
    check_in: CheckInSettings = CheckInSettings()
    ai: AiSettings = AiSettings()
    assignment: AssignmentSettings = AssignmentSettings()
    inbox: InboxSettings = InboxSettings()
    receipts: ReceiptSettings = ReceiptSettings()
    idle: IdleSettings = IdleSettings()
    rating: RatingSettings = RatingSettings()
    sms: SmsSettings = SmsSettings()
    sla: SlaSettings = SlaSettings()
    retention: RetentionSettings = RetentionSettings()


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Return what is wrong between fields that are right by themselves."""
    return (
        *attention.problems(settings.check_in, settings.idle, settings.sla),
        *outward.problems(settings.sms),
        *storefront.problems(settings.chat, settings.legal),
        *hours.problems(settings.hours),
        *ai.problems(settings.ai),
        *assignment.problems(settings.assignment),
    )
