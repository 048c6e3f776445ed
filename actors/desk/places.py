"""Where a ticket stands, as far as it matters who works on it."""

import msgspec

from actors.ids import AgentId, ChatId, Millis


class Place(msgspec.Struct, frozen=True, gc=False):
    """A ticket as it was last committed."""

    chat: ChatId
    status: str
    control: str
    assignee: AgentId | None
    team: str | None
    since: Millis | None
    """Since when its shopper waits. Known only while it is nobody's, or every message
    of every chat would be news to the desk; `None`: they do not wait for an answer."""
    opened_at: Millis

    @property
    def counts(self) -> bool:
        """Whether it is somebody's work now: open, and a human's."""
        return self.status == "open" and self.control == "humans"

    @property
    def waits(self) -> bool:
        """Whether it needs an agent and has none."""
        return self.assignee is None and self.counts

    @property
    def rank(self) -> "Rank":
        """Its place in the queue: who waits for an answer is before who does not."""
        if self.since is None:
            return (1, self.opened_at, self.chat)
        return (0, self.since, self.chat)


Rank = tuple[int, Millis, ChatId]
"""The smallest is served first (F25)."""
