"""Texts as they are compared in searches: without case and without accents.

FTS5's own tokenizer folds most accents but no ł, which is a letter of its own in
Unicode and none on many keyboards. So both sides are folded here, a character at a
time, which also tells where in the original a match stands.
"""

import re
import unicodedata

LETTERS = {
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ø": "o",
    "ħ": "h",
    "\u0131": "i",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
"""What Unicode does not take apart, as people type it."""
WORD = re.compile(r"[^\W_]+")


class Folds(dict[int, str]):
    """What each character becomes; grows as characters come."""

    def __missing__(self, ordinal: int) -> str:
        """Work it out, once."""
        before, plain = "", chr(ordinal)
        while plain != before:
            # What comes apart may be a capital, and what that becomes come apart.
            before, parts = plain, unicodedata.normalize("NFKD", plain.casefold())
            plain = "".join(
                LETTERS.get(part, part)
                for part in parts
                if not unicodedata.combining(part)
            )
        self[ordinal] = plain
        return plain


_FOLDS = Folds()


def fold(text: str) -> str:
    """Return `text` as it is compared."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def words(text: str) -> list[str]:
    """Return the words of a folded `text`, each once, in order."""
    return list(dict.fromkeys(WORD.findall(text)))


def places(text: str, begins: list[str]) -> list[tuple[int, int]] | None:
    """Return where in `text` words begin with any of `begins`, from left to right.

    `None` if one of them begins no word.
    """
    spots = [i for i, char in enumerate(text) for _ in _FOLDS[ord(char)]]
    left, found = set(begins), list[tuple[int, int]]()
    for word in WORD.finditer("".join(_FOLDS[ord(char)] for char in text)):
        hits = [begin for begin in begins if word.group().startswith(begin)]
        if hits:
            left.difference_update(hits)
            end = word.start() + max(map(len, hits))
            found.append((spots[word.start()], spots[end - 1] + 1))
    return None if left else found
