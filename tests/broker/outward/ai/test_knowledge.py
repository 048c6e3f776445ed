"""What the shop's own texts answer, and what they must not."""

from actors.library import EMPTY
from broker.outward.ai.knowledge import Knowledge, Unknown


def test_an_empty_library_answers_nothing() -> None:
    knowledge = Knowledge(EMPTY, 0.5)
    assert knowledge.answer("Do you deliver abroad?") == Unknown("unknown")
    assert knowledge.passages("Do you deliver abroad?", 5) == []
