"""Questions of which one knows what is right."""

import pytest

from actors.library import Faq, FaqItem, Library
from broker.outward.ai.knowledge import Knowledge
from broker.outward.ai.trial import Figures, Malformed, cases, figures, tried

LINES = """\
# Asked in May.

hours | opening hours
elsewhere | opening hours
hours | wann?
[off]
? | who is the king of spain
? | opening hours
""".splitlines()


def test_what_is_answered_is_held_against_what_is_right() -> None:
    faq = Faq(1, (FaqItem("hours", "What are your opening hours?", "9 to 5."),))
    done = tried(Knowledge(Library(faq), 0.5), cases(LINES))
    assert [each.wrong for each in done] == [False, True, False, False, True]
    assert figures(done) == Figures(3, 2, 1, 2, 1)
    assert str(figures(done)).startswith("answered 66.7% of 3, right 50.0% of these")


def test_a_line_that_is_no_question_is_pointed_at() -> None:
    with pytest.raises(Malformed, match="line 2"):
        cases(["a | b", "a|b"])
