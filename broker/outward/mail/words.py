"""What mails say, in the languages that people have written it in."""

import msgspec


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """All texts of one language; braces stand for values, which are never read so."""

    new: str
    new_many: str
    given: str
    missed: str
    unseen: str
    opens: str
    returns: str
    hidden: str
    why_team: str
    why_agent: str
    why_shopper: str
    nobody: str
    more: str


ENGLISH = Words(
    new="{name} is waiting for an answer",
    new_many="{number} conversations are waiting for an answer",
    given="You were given the conversation with {name}",
    missed="{name} has written to you",
    unseen="You have an answer from {shop}",
    opens="Open the conversation",
    returns="Continue the conversation",
    hidden="What was said is shown in the conversation alone.",
    why_team="You get this because {shop} wants you to hear of new conversations.",
    why_agent="You get this because your account at {shop} asks for it.",
    why_shopper="You get this because you wrote to {shop} and had left before the"
    " answer came.",
    nobody="Visitor",
    more="and {number} more",
)
POLISH = Words(
    new="{name} czeka na odpowiedź",
    new_many="Rozmowy czekające na odpowiedź: {number}",
    given="Przydzielono Ci rozmowę: {name}",
    missed="{name} pisze do Ciebie",
    unseen="Masz odpowiedź od {shop}",
    opens="Otwórz rozmowę",
    returns="Wróć do rozmowy",
    hidden="Treść wiadomości jest widoczna tylko w rozmowie.",
    why_team="Dostajesz tę wiadomość, bo {shop} powiadamia Cię o nowych rozmowach.",
    why_agent="Dostajesz tę wiadomość, bo tak ustawiono na Twoim koncie w {shop}.",
    why_shopper="Dostajesz tę wiadomość, bo odpowiedź na Twoje pytanie do {shop}"
    " przyszła już po Twoim wyjściu.",
    nobody="Gość",
    more="i jeszcze {number}",
)
LANGUAGES = {"en": ENGLISH, "pl": POLISH}


def words_of(locale: str | None) -> Words:
    """Return the texts for `locale`, such as `pl-PL`; English if there are none."""
    return LANGUAGES.get((locale or "")[:2].lower(), ENGLISH)
