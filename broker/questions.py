"""How often each question was shown, picked, and of help: since the broker's start.

A list is shown whole, so it is counted whole: a welcome costs one addition, however
many questions the shop has.
"""

from collections import Counter

import msgspec

from actors.library import Faq, FaqItem, Library


class Usage(msgspec.Struct, frozen=True):
    """What became of one question."""

    shown: int = 0
    """How often it was in the list that somebody was welcomed with."""
    picked: int = 0
    helped: int = 0
    """How often it was the last one that somebody needed."""


class Survey:
    """The counts of one site."""

    __slots__ = ("_faq", "_helped", "_lists", "_picked", "_shown")

    def __init__(self) -> None:
        self._faq = Faq()
        self._lists = 0
        """How often this list was shown; what was shown before is in `_shown`."""
        self._shown: Counter[str] = Counter()
        self._picked: Counter[str] = Counter()
        self._helped: Counter[str] = Counter()

    def showed(self, faq: Faq) -> None:
        """Count that somebody was shown what is published of `faq`."""
        if faq is not self._faq:
            self._shown = Counter({i.id: self._shown_of(i) for i in faq.items})
            self._faq, self._lists = faq, 0
        self._lists += 1

    def picked(self, id_: str) -> None:
        """Count that somebody wanted to know it."""
        self._picked[id_] += 1

    def helped(self, id_: str) -> None:
        """Count that it was all they wanted to know."""
        self._helped[id_] += 1

    def usage(self, item: FaqItem) -> Usage:
        """Return what became of a question."""
        id_ = item.id
        return Usage(self._shown_of(item), self._picked[id_], self._helped[id_])

    def _shown_of(self, item: FaqItem) -> int:
        lists = any(i.id == item.id and i.published for i in self._faq.items)
        return self._shown[item.id] + (self._lists if lists else 0)


class Questions:
    """The counts of all sites."""

    def __init__(self) -> None:
        self._surveys: dict[str, Survey] = {}

    def at(self, site: str) -> Survey:
        """Return where a site's are."""
        survey = self._surveys.get(site)
        if survey is None:
            survey = self._surveys[site] = Survey()
        return survey

    def usage(self, site: str, library: Library) -> dict[str, Usage]:
        """Return what became of each question that there is, in order."""
        survey = self.at(site)
        return {item.id: survey.usage(item) for item in library.faq.items}
