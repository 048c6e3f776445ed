"""An agent's list of tickets, kept as any client would: a page, then what changes."""

from tests.system.client import Client, Frame


class Mirror:
    """One view on one connection; notices what is missing."""

    def __init__(self, client: Client, view: str, **fields: object) -> None:
        self.client = client
        self.asked = {"view": view, **fields}
        self.ix = 0
        self.rows: dict[str, Frame] = {}
        self.badge = 0

    async def open(self, **fields: object) -> Frame:
        """Ask for the view, or for what has changed in it since."""
        answer = await self.client.ask("inbox.open", **(self.asked | fields))
        assert answer["t"] == "ok", answer
        if answer["full"]:
            self.rows.clear()
        self.rows |= {row["chat"]: row for row in answer["rows"]}
        self.ix, self.badge = answer["ix"], answer["badge"]
        return answer

    def take(self, frame: Frame) -> None:
        """Apply a frame, if it is about the list."""
        if frame["t"] == "badge":
            assert frame["n"] != self.badge, "a badge that says nothing new"
            self.badge = frame["n"]
        elif frame["t"] == "ix":
            assert frame["iprev"] == self.ix
            self.ix = frame["ix"]
            if "gone" in frame:
                self.rows.pop(frame["gone"], None)
            else:
                self.rows[frame["row"]["chat"]] = frame["row"]

    async def catch_up(self) -> None:
        """Apply all that was sent up to now."""
        # All that was committed before is told before this is answered.
        await self.client.ask("stats")
        for frame in self.client.unread():
            self.take(frame)

    async def next(self) -> Frame:
        """Return the next change, applied."""
        while True:
            frame = await self.client.next()
            self.take(frame)
            if frame["t"] == "ix":
                return frame

    async def fresh(self, other: Client) -> dict[str, Frame]:
        """Return the rows as somebody gets them who opens the view now."""
        rows: dict[str, Frame] = {}
        cursor: Frame = {}
        while True:
            asked = self.asked | {"limit": 200} | cursor
            answer = await other.ask("inbox.open", **asked)
            rows |= {row["chat"]: row for row in answer["rows"]}
            if not answer["more"]:
                return rows
            cursor = {"cursor": answer["cursor"]}
