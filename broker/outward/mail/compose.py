"""What stands in each kind of mail: values in, values out."""

from collections.abc import Sequence

import msgspec

from broker.outward.mail.find import MOST_QUOTED, Case
from broker.outward.mail.letters import Content, Saying
from broker.outward.mail.words import Words
from storage.mailing import Word


class Head(msgspec.Struct, frozen=True):
    """What all mails of a shop have in common."""

    shop: str
    """What it is called."""
    words: Words
    hidden: bool
    """Whether mails say that there is something, and not what."""
    desk: str
    """Where agents open conversations."""
    page: str
    """Where shoppers do; empty if that is not known."""
    names: dict[str, str]
    """What agents are called, by who they are in the journal."""


Ticket = tuple[Case, str]
"""A conversation, and the first words of it."""


def announcement(head: Head, tickets: Sequence[Ticket], number: int) -> Content:
    """Return how the team hears of so many new tickets, of which some are listed."""
    words, lone = head.words, number == 1
    (first, _), left = tickets[0], number - len(tickets)
    subject = words.new_many.format(number=number)
    if lone:
        subject = words.new.format(name=first.name or words.nobody)
    sayings = tuple(
        Saying(
            case.name or words.nobody,
            "" if head.hidden else text,
            "" if lone else _link(head, case),
        )
        for case, text in tickets
    )
    notes = [words.more.format(number=left)] if left > 0 else []
    notes += [words.hidden] if head.hidden else []
    return Content(
        subject=subject,
        sayings=sayings,
        note=" · ".join(notes),
        link=_link(head, first) if lone else "",
        link_text=words.opens,
        why=words.why_team.format(shop=head.shop),
    )


def gift(head: Head, case: Case, text: str) -> Content:
    """Return how an agent hears of a ticket that is theirs now."""
    said = [Word(0, 0, case.shopper, text)] if text else []
    return _to_agent(head, case, head.words.given, said)


def miss(head: Head, case: Case, said: Sequence[Word]) -> Content:
    """Return how an agent who was not there hears of what was said to them."""
    return _to_agent(head, case, head.words.missed, said)


def answer(head: Head, case: Case, said: Sequence[Word]) -> Content:
    """Return how a shopper hears of what they have not seen."""
    words = head.words
    return _content(
        head,
        words.unseen.format(shop=head.shop),
        _quoted(head, case, said),
        (head.page, words.returns),
        words.why_shopper,
    )


def _to_agent(head: Head, case: Case, subject: str, said: Sequence[Word]) -> Content:
    words = head.words
    return _content(
        head,
        subject.format(name=case.name or words.nobody),
        _quoted(head, case, said),
        (_link(head, case), words.opens),
        words.why_agent,
    )


def _content(
    head: Head,
    subject: str,
    sayings: tuple[Saying, ...],
    link: tuple[str, str],
    why: str,
) -> Content:
    return Content(
        subject=subject,
        sayings=() if head.hidden else sayings,
        note=head.words.hidden if head.hidden else "",
        link=link[0],
        link_text=link[1],
        why=why.format(shop=head.shop),
    )


def _quoted(head: Head, case: Case, said: Sequence[Word]) -> tuple[Saying, ...]:
    """Return the oldest of what was said; more than that stands behind the link."""
    names = {case.shopper: case.name or head.words.nobody, **head.names}
    return tuple(
        Saying(names.get(word.by, head.shop), word.text) for word in said[:MOST_QUOTED]
    )


def _link(head: Head, case: Case) -> str:
    # As the desk's own addresses are: clients/web/desk/state/route.ts.
    return f"{head.desk}#/all/open/{case.chat}"
