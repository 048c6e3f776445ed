"""Answers by rote: for tests, and for showing what a bot could do."""

from actors.settings.ai import ScriptSettings
from broker.outward.ai.responders import Escalate, Outcome, Reply, Silent, clean
from broker.outward.ai.views import View


class Script:
    """Says what the first line says that fits."""

    def __init__(self, settings: ScriptSettings) -> None:
        self._lines = settings.lines

    async def answer(self, view: View) -> Outcome:
        """Return what the first line says whose words are in the question."""
        question = view.question.casefold()
        for line in self._lines:
            if line.when.casefold() in question:
                if line.hand_over:
                    return Escalate("script")
                text = clean(line.say)
                return Reply((text,)) if text else Silent()
        return Silent()
