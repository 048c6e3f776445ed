"""Judges what arrives against what was written: exactly once, in order, to nobody else.

It looks at frames as they come, before anything is asked for again: what a client could
heal was wrong all the same. A message is known by the mark in its text (`texts`), its
place by its seq. What it counts:

- lost: a write was answered, and the other side's live connection went past it, or did
  not get it by the end. That it could be fetched later does not help the person.
- duplicated: the same seq or the same message came once more, or a second answer.
- misordered: an event came after one with a higher seq, a message before an earlier one
  of the same writer, or at another place than was promised to its writer.
- wrong_check_ins, wrong_badges: see `vigil`, `notices` and `badges`.
- misrouted: an event of a chat that this connection did not ask for, a message of
  another chat, a note on a shopper's connection.

One's own event that comes by resume, because its answer was lost, is none of these.
"""

from collections.abc import Collection

from clients.load.figures import Figures
from clients.load.heard import Heard
from clients.load.loop import clock
from clients.load.talk import Fit, Follower, Op, Talk, Write
from clients.load.texts import AGENT, AUTHOR, NOTE, OTHER, SHOPPER, Mark, Texts
from clients.load.vigil import PEOPLE, Log, Noted, Promise, judged, noted


class Oracle:
    """Counts into `figures`."""

    def __init__(self, texts: Texts, figures: Figures) -> None:
        self.texts = texts
        self._figures = figures
        self.promise: Promise | None = None
        """When agents are to be reminded, if that is known."""
        self._logs: dict[str, Log] = {}
        """By chat, as agents were told of it."""
        self._latest = 0
        """The latest time that any event told."""

    def told(self, follower: Follower, event: Heard, serial: int, now: float) -> None:
        """Judge an event that came to `follower` on its connection `serial`."""
        text = event.body.text
        mark = self.texts.mark(text) if text else None
        if mark is not None and mark.chat != follower.talk.index:
            self._wrong("misrouted", follower, f"it was told {text!r}", now)
            return
        fit = follower.take(event.seq, event.prev)
        if event.seq < follower.since:
            return
        if follower.side == AGENT:
            self._note(follower.talk, event)
        if fit is Fit.AGAIN:
            if not follower.expects(event.seq):
                self._wrong("duplicated", follower, f"seq {event.seq} again", now)
            return
        if fit is Fit.LATE:
            words = f"seq {event.seq} came after {follower.position}"
            self._wrong("misordered", follower, words, now)
        if event.kind == "closed":
            self._closed(follower)
        if mark is None:
            return
        if AUTHOR[mark.kind] == follower.side:
            self._own(follower, mark, event, fit, serial)
        elif mark.kind == NOTE:
            self._wrong("misrouted", follower, f"a shopper was told {text!r}", now)
        else:
            self._arrived(follower, mark, event, fit, now)

    def stranger(self, side: str, event: Heard, now: float) -> None:
        """Judge an event of a chat that was not asked for on its connection."""
        words = f"{side} was told seq {event.seq} of a chat it never opened"
        self._figures.wrong("misrouted", event.chat or "", words, now)

    def answered(self, write: Write, ok: Heard, serial: int, now: float) -> None:
        """Judge the answer to a write, on the connection `serial` of its author."""
        write.acked_at = now
        furthest, kind = write.talk.furthest, write.mark.kind
        furthest[kind] = max(furthest.get(kind, 0), write.mark.number)
        follower = write.talk.followers.get(AUTHOR[write.mark.kind])
        if ok.chat and write.chat and ok.chat != write.chat:
            words = f"{write.id} was answered with chat {ok.chat}"
            self._figures.wrong("misrouted", write.chat, words, now)
        if ok.seq and write.seq and ok.seq != write.seq:
            words = f"seq {ok.seq} was promised to {write.id}, it came as {write.seq}"
            self._figures.wrong("misordered", write.chat, words, now)
        if write.told_on == serial and not write.resent:
            words = f"{write.id} was answered and told on the same connection"
            self._figures.wrong("duplicated", write.chat, words, now)
        write.seq = write.seq or ok.seq
        if follower is not None and write.op is Op.SAY:
            self._note_own(follower, ok)
        if follower is not None and follower.chat == (ok.chat or write.chat) and ok.seq:
            follower.wrote(ok.seq, ok.prev, dup=ok.dup)
        if write.arrived:
            self._done(write)

    def answered_again(self, id_: str, now: float) -> None:
        """Judge an answer to what was answered before."""
        self._figures.wrong("duplicated", "", f"{id_} was answered twice", now)

    def receipt(self, talk: Talk, event: Heard, now: float) -> None:
        """Note how far the shopper has read, as the agent is told."""
        if event.body.who.partition(":")[0] != "shopper" or event.chat != talk.chat:
            return
        self._figures.totals["receipts"] += 1
        if event.body.upto < talk.receipt:
            words = f"read up to {event.body.upto} came after {talk.receipt}"
            self._figures.wrong("wrong_receipts", talk.chat, words, now)
        talk.receipt = max(talk.receipt, event.body.upto)

    def skipped(self, follower: Follower, now: float) -> None:
        """Judge what a live connection went past, when that has had time to come."""
        for low, high in follower.holes:
            missed = [
                write
                for write in follower.talk.writes.values()
                if low < write.seq <= high
                and write.chat == follower.chat
                and AUTHOR[write.mark.kind] != follower.side
                and not write.arrived
            ]
            for write in missed:
                words = f"seq {write.seq} was skipped on a live connection"
                self._wrong("lost", follower, words, now)
                write.arrived = True
                if write.acked_at:
                    self._done(write)
            if not missed:
                self._figures.totals["gaps"] += 1

    def reminded(self, chat: str, words: str, now: float) -> None:
        """Count what is wrong with the notice of a check-in."""
        self._figures.wrong("wrong_check_ins", chat, words, now)

    def miscounted(self, chat: str, words: str, now: float) -> None:
        """Count what is wrong with a list, its dots or its badge."""
        self._figures.wrong("wrong_badges", chat, words, now)

    def vigils(self, now: float) -> None:
        """Judge all check-ins, when all has had its time."""
        if self.promise is None:
            return
        for chat, log in self._logs.items():
            checked = sum(each.what == "due" for each in log.values())
            self._figures.totals["check_ins"] += checked
            for words in judged(log, self.promise, self._latest):
                self.reminded(chat, words, now)

    def left(self, talk: Talk, deaf: Collection[str], now: float) -> None:
        """Judge what is left of `talk` when all has had its time.

        What was for a side that is `deaf`, because it has no connection or its chat was
        not opened for it, cannot be said to be lost; that it is so is a fault.
        """
        for write in list(talk.writes.values()):
            if write.acked_at and not write.arrived:
                self._never_came(write, deaf, now)
            elif write.sent_at and not write.acked_at:
                self._figures.totals["unanswered"] += 1
                if write.mark.number < talk.furthest.get(write.mark.kind, 0):
                    words = "a message was never answered, though later ones were"
                    self._figures.problem(words)

    def _never_came(self, write: Write, deaf: Collection[str], now: float) -> None:
        self._figures.took("fanout", write.intended, now)
        if OTHER[AUTHOR[write.mark.kind]] in deaf:
            self._figures.problem("not everybody was there in the end")
            return
        words = f"{write.id} (seq {write.seq}) was answered and never came"
        self._figures.wrong("lost", write.chat, words, now)
        self._figures.totals["never_came"] += 1

    def _note(self, talk: Talk, event: Heard) -> None:
        """Note what an agent was told of who holds the ticket, and who waits."""
        self._latest = max(self._latest, event.at)
        if event.kind == "assigned":
            talk.holder = event.body.to
        elif event.kind == "msg" and event.by.startswith(PEOPLE):
            talk.said = max(talk.said, event.seq)
        if self.promise is not None and not talk.old:
            found = noted(event)
            if found is not None:
                self._logs.setdefault(event.chat or "", {})[event.seq] = found

    def _note_own(self, follower: Follower, ok: Heard) -> None:
        """Note a message whose answer stands for the event."""
        if follower.side == SHOPPER:
            follower.talk.said = max(follower.talk.said, ok.seq)
        elif self.promise is not None and ok.seq and not follower.talk.old:
            log = self._logs.setdefault(follower.chat, {})
            log[ok.seq] = Noted(ok.at, "answered")

    def _own(
        self, follower: Follower, mark: Mark, event: Heard, fit: Fit, serial: int
    ) -> None:
        write = follower.talk.writes.get((mark.kind, mark.number))
        if write is not None and write.seq in {0, event.seq}:
            write.seq = event.seq
            write.told_on = serial
        elif fit is not Fit.RETOLD:
            words = f"one's own seq {event.seq} is a message that was written before"
            self._wrong("duplicated", follower, words, clock())

    def _arrived(
        self, follower: Follower, mark: Mark, event: Heard, fit: Fit, now: float
    ) -> None:
        write = follower.talk.writes.get((mark.kind, mark.number))
        if write is None or write.arrived:
            if fit is not Fit.RETOLD:
                words = f"seq {event.seq} is a message that came before"
                self._wrong("duplicated", follower, words, now)
            return
        write.arrived = True
        if write.refused and not write.resent:
            self._figures.problem("a message arrived that was refused")
        if event.body.text != self.texts.text(mark):
            self._wrong("altered", follower, f"seq {event.seq} has another text", now)
        if write.op is Op.SAY:
            self._figures.took("fanout", write.intended, now)
            self._figures.second(now).arrived += 1
            if follower.talk.listener is not None:
                follower.talk.listener(follower.side)
        newest = follower.newest.get(mark.kind, 0)
        displaced = bool(write.seq) and write.seq != event.seq
        if displaced or (mark.number < newest and fit is Fit.NEXT):
            words = f"message {mark.number} came as seq {event.seq}"
            self._wrong("misordered", follower, words, now)
        write.seq = write.seq or event.seq
        follower.newest[mark.kind] = max(newest, mark.number)
        if write.acked_at:
            self._done(write)

    def _closed(self, follower: Follower) -> None:
        for write in list(follower.talk.writes.values()):
            if write.op is Op.END and write.chat == follower.chat:
                write.arrived = True
                if write.acked_at:
                    self._done(write)

    def _done(self, write: Write) -> None:
        """Forget a write that was answered and has arrived."""
        write.talk.writes.pop((write.mark.kind, write.mark.number), None)

    def _wrong(self, what: str, follower: Follower, words: str, now: float) -> None:
        who = "the shopper" if follower.side == SHOPPER else "the agent"
        self._figures.wrong(what, follower.chat, f"{who}: {words}", now)
