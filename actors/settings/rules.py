"""The rules that a chat is run by: settings, opening hours, bounds, who is who."""

import msgspec

from actors.chat.hours import ALWAYS, OpenHours
from actors.chat.limits import ChatLimits
from actors.ids import Millis
from actors.settings.assignment import Team
from actors.settings.document import Settings


class Rules(msgspec.Struct, frozen=True):
    """What a chat's decisions depend on besides its own events."""

    version: int = 0
    settings: Settings = Settings()
    hours: OpenHours = ALWAYS
    limits: ChatLimits = ChatLimits()
    """Of the broker, and the same for all its sites."""
    admins: frozenset[str] = frozenset()
    """Agents who may open any ticket of the site."""

    staffed: bool = True
    """Whether some agent is there to answer."""
    crowded: bool = False
    """Whether so many wait that the next one has to be told it will take long."""

    @property
    def bot(self) -> bool:
        """Return whether there is a bot that answers first (F35)."""
        return self.settings.ai.enabled

    @property
    def attended(self) -> bool:
        """Return whether somebody answers: the bot counts if the site says so."""
        return self.staffed or (self.bot and self.settings.ai.counts_online)

    def team(self, id_: str) -> Team | None:
        """Return the team called `id_`, if there still is one."""
        teams = self.settings.assignment.teams
        return next((team for team in teams if team.id == id_), None)

    @property
    def remind(self) -> Millis:
        """Return the silence after which a check-in falls due."""
        return Millis(self.settings.check_in.remind_s * 1000)

    @property
    def breach(self) -> Millis:
        """Return the silence after which it is missed."""
        return Millis(self.settings.check_in.breach_s * 1000)

    @property
    def auto(self) -> Millis | None:
        """Return the silence after which the broker says something, if it should."""
        seconds = self.settings.check_in.auto_s
        return None if seconds is None else Millis(seconds * 1000)
