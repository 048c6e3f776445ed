"""Images of a run: made by its seed, uploaded beside the socket, named by messages.

One uploads before one sends: whoever is to send an image begins a second earlier. What
is no blob of the present chat by then goes as a plain message, and is counted.
"""

import errno
from collections.abc import Callable
from hashlib import sha256
from struct import pack
from urllib.parse import quote
from zlib import compress, crc32

import msgspec

from clients.load.loop import READ, WRITE, clock
from clients.load.plug import Plug, reason
from clients.load.scene import Scene
from clients.load.seat import Seat
from clients.load.talk import Talk
from clients.load.texts import Mark

PATIENCE_S = 5.0
"""Seconds for an answer; its message has long gone by then."""
LONGEST = 16 * 1024
"""Bytes of an answer past which it is none of ours."""
SIDE = 8
"""Pixels: what is measured is messages, not images."""
CREATED = b"201"
_PENDING = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


class _Taken(msgspec.Struct, frozen=True):
    blob: str


def png(seed: int, mark: Mark) -> bytes:
    """Return the image of a message: the same for the same seed, like no other."""
    colours = sha256(f"{seed} {mark}".encode()).digest()
    rows = b"".join(
        b"\0" + bytes(colours[(y + n) % len(colours)] for n in range(3 * SIDE))
        for y in range(SIDE)
    )
    head = pack("!IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack("!I", len(data)) + kind + data + pack("!I", crc32(kind + data))
        for kind, data in chunks
    )


class Pictures:
    """Which messages go with an image, and what it is called in their chat."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self._scene = scene
        self._seed = seed
        self._blobs: dict[Mark, tuple[str, str]] = {}
        """Chat and blob; both are empty until that is known."""

    def upload(self, seat: Seat, talk: Talk, mark: Mark) -> None:
        """Begin to upload the image of a message to come."""
        self._blobs[mark] = ("", "")
        chat = talk.chat
        if not talk.ready:
            return

        def done(blob: str) -> None:
            if mark in self._blobs:
                self._blobs[mark] = (chat, blob)

        Upload(
            self._scene, posted(self._scene, seat, chat, png(self._seed, mark)), done
        )

    def taken(self, talk: Talk, mark: Mark) -> str:
        """Return the blob that a message goes with, or nothing."""
        if mark not in self._blobs:
            return ""
        chat, blob = self._blobs.pop(mark)
        there = bool(blob) and chat == talk.chat
        self._scene.figures.totals["images" if there else "images_plain"] += 1
        return blob if there else ""


def posted(scene: Scene, seat: Seat, chat: str, image: bytes) -> bytes:
    """Return the request that uploads an image to a chat."""
    return (
        f"POST /v1/chats/{quote(chat, safe='')}/blobs HTTP/1.1\r\n"
        f"Host: {scene.address.host}\r\nAuthorization: Bearer {seat.who.token}\r\n"
        f"Content-Type: image/png\r\nX-Filename: load.png\r\n"
        f"Content-Length: {len(image)}\r\nConnection: close\r\n\r\n"
    ).encode() + image


class Upload:
    """One request and its answer; calls `done` with the blob if there is one."""

    def __init__(
        self, scene: Scene, request: bytes, done: Callable[[str], None]
    ) -> None:
        self._scene = scene
        self._done = done
        self._unsent = request
        self._answer = b""
        self._plug = Plug(scene.address)
        self._fd, failed = self._plug.fd, self._plug.failed
        scene.loop.add(self._fd, self, READ | WRITE)
        scene.guests.add(self)
        scene.loop.after(PATIENCE_S if failed in _PENDING else 0, self._give_up)

    def ready(self, flags: int) -> None:
        """Send the request, then take the answer."""
        try:
            if self._unsent:
                self._unsent = self._unsent[self._plug.send(self._unsent) :]
                if not self._unsent:
                    self._scene.loop.watch(self._fd, READ)
            if not flags & ~WRITE:
                return
            received = self._plug.recv()
        except BlockingIOError:
            if self._unsent:
                listens = self._plug.listens
                self._scene.loop.watch(self._fd, READ if listens else READ | WRITE)
            return
        except OSError as error:
            self._failed(reason(error))
            return
        self._answer += received
        if not received or len(self._answer) > LONGEST:
            self._judge()

    def leave(self) -> None:
        """Go at once."""
        if self._fd >= 0:
            self._scene.loop.remove(self._fd)
            self._fd = -1
            self._plug.close()
            self._scene.guests.discard(self)

    def _judge(self) -> None:
        head, _, body = self._answer.partition(b"\r\n\r\n")
        status = head.partition(b"\r\n")[0].split(b" ")[1:2]
        if status != [CREATED]:
            said = status[0].decode(errors="replace")[:3] if status else "no answer"
            self._failed(said)
            return
        self.leave()
        try:
            self._done(msgspec.json.decode(body, type=_Taken).blob)
        except msgspec.MsgspecError:
            self._scene.figures.error("upload: garbled", clock())

    def _give_up(self) -> None:
        if self._fd >= 0:
            self._failed("no answer")

    def _failed(self, why: str) -> None:
        """Note it; it is no fault, for there may be no HTTP beside the socket."""
        self.leave()
        self._scene.figures.error(f"upload: {why}", clock())
