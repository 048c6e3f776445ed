"""Of each kind of event it is decided, field by field, what an erasure leaves."""

import msgspec
import pytest

from actors.chat.erasing import redacted
from actors.chat.events import AnyBody
from tests.actors.test_codec import BODIES

CANARY = "canary-limestone"
STAYS = {
    "opened": {"chat", "site", "profile", "channel", "previous", "team", "control"},
    "legal": {"terms_url", "privacy_url"},
    "identified": {"origin", "to"},
    "faq": {"faq"},
    "msg": {"auto", "macro", "blobs"},
    "read": {"who"},
    "got": {"who"},
    "status": {"origin", "to", "why"},
    "closed": {"reason"},
    "assigned": {"origin", "to", "why", "team"},
    "control": {"origin", "to", "why"},
    "turn": {"what", "responder"},
    "handoff": {"target", "state"},
    "transfer": {"origin", "to", "state"},
    "checkin": {"state"},
    "sla": {"measure", "state", "policy"},
    "sms": {"state"},
}
"""Words of ours, and ids: of people, chats and images, or of what the shop has set up.
Whatever else is a text is somebody's."""


def with_canaries(body: AnyBody) -> AnyBody:
    """Return `body` with a canary in place of each text."""
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if isinstance(value, str) or value is None:
            body = msgspec.structs.replace(body, **{name: CANARY})
        elif isinstance(value, tuple):
            body = msgspec.structs.replace(body, **{name: (CANARY, CANARY)})
    return body


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_no_text_is_left_that_is_not_known_to_say_nothing(body: AnyBody) -> None:
    left = redacted(with_canaries(body))
    holding = {
        name for name in left.__struct_fields__ if CANARY in str(getattr(left, name))
    }
    assert holding <= STAYS.get(body.kind, set())
    assert redacted(left) == left
