"""A site as a file: what is written is read again, and what is wrong is named."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.library import Faq, FaqItem, Knowledge, KnowledgeItem, Library, Macro, Then
from actors.library import Macros as MacroList
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from actors.settings.hours import HoursSettings, Week
from actors.settings.outward import EmailSettings
from actors.settings.storefront import ChatSettings
from broker.sitefile import read, written

RICH = Settings(
    ChatSettings(theme={"a b": '"\\\n', "ż": "\x7f"}),
    hours=HoursSettings(weekly=Week(mon=(("09:00", "17:00"),))),
    email=EmailSettings(shopper_after_min=None),
    assignment=AssignmentSettings(
        rules=(Rule(Condition(tag="vip"), "first"),),
        teams=(Team("first", "First", ("ann",), restricted=True),),
    ),
)
LIBRARY = Library(
    Faq(4, (FaqItem("f1", "Where?", "There.", published=False),)),
    MacroList(1, (Macro("m1", "Bye", then=Then(assign=None, close=True)),)),
    Knowledge(1, (KnowledgeItem("k1", "Returns", "30 days."),)),
)


def test_what_is_written_is_read_again() -> None:
    told = read(written(RICH, LIBRARY))
    assert told.settings == RICH
    assert told.faq == LIBRARY.faq.items
    assert told.macros == LIBRARY.macros.items
    assert told.knowledge == LIBRARY.knowledge.items


@given(st.text(max_size=50))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    settings = Settings(ChatSettings(welcome=text, theme={text: text}))
    try:
        expected = msgspec.convert(msgspec.to_builtins(settings), Settings)
    except msgspec.ValidationError:
        return
    assert read(written(settings, Library())).settings == expected


def test_what_a_file_does_not_name_is_left_alone() -> None:
    told = read('[[faq]]\nid = "f1"\nquestion = "Where?"\nanswer = "There."\n')
    assert isinstance(told.faq, tuple)
    assert told.settings is told.macros is told.knowledge is msgspec.UNSET


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[settings.chat]\nenabled = 1", "$.settings.chat.enabled"),
        ("[settings.tea]", "tea"),
        ('[[faq]]\nid = "f1"', "$.faq[0]"),
        ("[settings", "table"),
        ("[[agents]]", "agents"),
        ("[settings.chat]\nwelcome = false", "$.settings.chat.welcome"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        read(text)
    assert told in str(error.value)
