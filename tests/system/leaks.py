"""Looks for what is not theirs in every byte that the tests' shoppers are sent.

What is secret is learned from all clients of a test run: the notes that agents leave,
the agents' e-mail addresses, and whose chat each one is.
"""

import re
from typing import Any

Frame = dict[str, Any]

MAIL_AT = "@staff.example"
"""What the address of every agent ends with that a test hires."""
TELLING = 8
"""Characters from which on a note is not also what a shopper might say."""
PLAIN = re.compile(r"[\w :.,!?'-]+", re.ASCII)
"""In both subprotocols the bytes of such a text are its own."""

_notes: set[bytes] = set()
_said: set[bytes] = set()
_owners: dict[str, str] = {}
"""Who has started each chat."""


def forget() -> None:
    """Begin with another test, whose ids may be the same: they come from a seed."""
    _notes.clear()
    _said.clear()
    _owners.clear()


def said(op: str, text: object) -> None:
    """Learn what somebody says, to everyone or to the other agents alone."""
    if isinstance(text, str) and len(text) >= TELLING and PLAIN.fullmatch(text):
        (_notes if op == "note.add" else _said).add(text.encode())


def started(chat: str, who: str) -> None:
    """Learn whose chat it is."""
    _owners.setdefault(chat, who)


def leaked(frame: Frame, raw: bytes, who: str) -> list[str]:
    """Return what a shopper called `who` was told and should not have been."""
    found = [f"the note {text!r}" for text in _notes - _said if text in raw]
    if MAIL_AT.encode() in raw:
        found.append("an agent's address")
    chat = frame.get("chat")
    # A refusal may name what was asked for, and says the same of what there is not.
    if frame["t"] != "err" and isinstance(chat, str):
        owner = _owners.get(chat, who)
        if owner != who:
            found.append(f"the chat of {owner}")
    return [f"{what} in {frame}" for what in found]
