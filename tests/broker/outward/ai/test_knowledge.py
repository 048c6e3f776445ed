"""What the shop's own texts answer, and what they must not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.library import EMPTY, Faq, FaqItem, Knowledge, KnowledgeItem, Library
from broker.outward.ai.knowledge import Answer, Unknown
from broker.outward.ai.knowledge import Knowledge as Responder

ARTICLE = """\
Drewno żyje.

## Olejowanie blatu
Blat olejuj dwa razy w roku.

## Plamy
Świeże plamy zetrzyj wilgotną szmatką.
"""
SHOP = Library(
    Faq(
        1,
        (
            FaqItem("delivery", "How long does delivery take?", "Two working days."),
            FaqItem("koszt", "Ile kosztuje wysyłka?", "12 zł."),
            FaqItem("zwrot", "Jak zwrócić towar?", "W ciągu 14 dni."),
            FaqItem("staff", "Is there a staff discount?", "Half.", published=False),
        ),
    ),
    knowledge=Knowledge(
        1,
        (
            KnowledgeItem("drewno", "Drewno", ARTICLE, "https://shop.example/drewno"),
            KnowledgeItem("lamps", "Lamps", "All lamps take E27 bulbs."),
        ),
    ),
)
RESPONDER = Responder(SHOP, 0.5)
TEXTS = [item.answer for item in SHOP.faq.items if item.published]
TEXTS.extend(item.text for item in SHOP.knowledge.items)
PIECES = """
delivery ile kosztuje wysyłka zwrot " AND NOT NEAR( head: * ^ ; \x00 = _ =delivery
{head} plamy olejować agent 12345 ' ) -- \ud800"""
SHOPPERS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES.split())).map(" ".join),
)


def said(question: str, *before: str) -> str:
    """Return what is answered, or why nothing is."""
    outcome = RESPONDER.answer(question, before)
    return outcome.text if isinstance(outcome, Answer) else outcome.reason


def test_an_empty_library_answers_nothing() -> None:
    responder = Responder(EMPTY, 0.5)
    assert responder.answer("Do you deliver abroad?") == Unknown("unknown")
    assert responder.passages("Do you deliver abroad?", 5) == []


def test_an_answer_says_where_it_is_from() -> None:
    outcome = RESPONDER.answer("jak czesto olejowac blat?")
    assert isinstance(outcome, Answer)
    assert outcome.text == "Blat olejuj dwa razy w roku."
    assert outcome.sources == ("knowledge:drewno#2",)
    assert outcome.url == "https://shop.example/drewno"
    assert 0.5 <= outcome.confidence <= 1


def test_a_question_in_the_other_language_is_understood() -> None:
    assert said("ile trwa dostawa") == "Two working days."
    assert said("how much is shipping") == "12 zł."


def test_accents_case_and_a_typo_do_not_matter() -> None:
    assert said("JAK ZWROCIC TOWAR") == said("Jak zwrócić towar") == "W ciągu 14 dni."
    assert said("delivry time") == "Two working days."


def test_the_question_in_a_longer_message_is_found() -> None:
    letter = "Hello, my daughter moves to Leeds in May and loves lilies. "
    assert said(letter + "How long does delivery take?") == "Two working days."


def test_a_person_is_never_kept_from_whoever_asks_for_one() -> None:
    assert said("Ile kosztuje wysyłka? Albo nie, dajcie mi konsultanta") == "human"


@pytest.mark.parametrize(
    "text",
    [
        "Ich möchte mit einem Menschen sprechen.",
        "Kann ich bitte mit jemandem reden?",
        "Mensch bitte!",
        "Kundenservice",
        "أريد التحدث مع موظف",
        "حولني إلى موظف من فضلك",
        "هل يوجد شخص حقيقي؟",
    ],
)
def test_who_asks_for_a_person_in_german_or_arabic_gets_one(text: str) -> None:
    assert said(text) == "human"


@pytest.mark.parametrize(
    "text", ["Wie lange dauert der Versand?", "كم تكلفة الشحن؟", "Will it break?"]
)
def test_who_asks_something_else_there_is_not_sent_to_a_person(text: str) -> None:
    assert said(text) != "human"


def test_what_became_of_an_order_is_not_in_a_book() -> None:
    assert said("where is my order 48213?") == "order"
    assert said("moje zamówienie nie dotarło") == "order"


def test_what_is_unheard_of_is_not_answered() -> None:
    assert said("who is the king of Spain") in {"unknown", "unsure"}
    assert said("do you deliver by helicopter to Mars") in {"unknown", "unsure"}


def test_what_is_not_published_is_never_said() -> None:
    assert said("Is there a staff discount?") in {"unknown", "unsure"}
    found = RESPONDER.passages("Is there a staff discount?", 10)
    assert "faq:staff" not in [passage.id for passage in found]


def test_a_short_question_goes_on_from_what_was_said_before() -> None:
    assert said("ile to kosztuje?") in {"unknown", "unsure"}
    assert said("ile to kosztuje?", "a co z wysyłką") == "12 zł."
    assert said("thanks", "How long does delivery take?") in {"unknown", "unsure"}


def test_a_higher_confidence_answers_no_more() -> None:
    strict = Responder(SHOP, 1.0)
    assert strict.answer("jak czesto olejowac blat?") == Unknown("unsure")


def test_passages_are_as_many_as_asked_for_and_the_nearest_first() -> None:
    found = RESPONDER.passages("plamy na blacie, jaki koszt", 2)
    assert len(found) == 2
    assert found[0].score >= found[1].score
    assert {passage.title for passage in found} <= {"Drewno", "Ile kosztuje wysyłka?"}


@given(SHOPPERS)
@example('"; DROP TABLE part; --')
@example("\x00" * 100)
@example("delivery " * 2000)
@example("ż" * 8192)
def test_whatever_is_asked_nothing_is_said_that_is_not_in_the_library(
    question: str,
) -> None:
    outcome = RESPONDER.answer(question, (question,))
    if isinstance(outcome, Answer):
        assert any(outcome.text in text for text in TEXTS)
        assert 0.5 <= outcome.confidence <= 1
    for passage in RESPONDER.passages(question, 3):
        assert any(passage.text in text for text in TEXTS)
        assert 0 <= passage.score <= 1


@given(SHOPPERS)
def test_the_same_question_gets_the_same_answer(question: str) -> None:
    assert Responder(SHOP, 0.5).answer(question) == RESPONDER.answer(question)
