"""Mail by SMTP: one connection, kept while there is more to send.

What is said is `smtpproto`'s; here are the bytes, the secrecy and the time. Imported
when the first mail is to leave.
"""

import base64
import ssl
from contextlib import suppress

import trio
from smtpproto.protocol import (
    ClientState,
    SMTPClientProtocol,
    SMTPException,
    SMTPResponse,
)

from broker.outward.delivery import Failed, Sent
from broker.outward.mail.letters import Letter
from broker.services import MailConfig

CONNECT_S, ANSWER_S, WHOLE_S = 10.0, 30.0, 60.0
"""Seconds for a connection, for one answer, and for one mail with all its answers."""
GOODBYE_S = 2.0
ANSWER_BYTES = 64 * 1024
"""Of one answer: a server that talks on and on is none."""
PIECE = 4096
LATER, REFUSED = 400, 500
"""Answers from these numbers on say no: the second is not about the moment."""
UNDER_WAY = {ClientState.mailtx, ClientState.recipient_sent, ClientState.send_data}
"""When a mail has been begun."""


class Refused(Exception):
    """The server says no; the text is for an agent."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Smtp:
    """Hands mails to one server, one after the other."""

    def __init__(
        self, config: MailConfig, context: ssl.SSLContext | None = None
    ) -> None:
        """Read the certificates that are trusted: not for the loop's thread."""
        self._config = config
        self._context = context or ssl.create_default_context()
        self._turn = trio.Lock()
        self._session: Session | None = None
        self._broke_at = -1.0
        self._broke = Failed("")
        self.connections = 0
        """Made so far."""

    async def send(self, letter: Letter) -> Sent | Failed:
        """Hand a mail over; `Sent` says that the server has taken it."""
        came_at = trio.current_time()
        async with self._turn:
            if self._broke_at > came_at:
                # Whoever waited in line need not find out once more.
                return self._broke
            outcome = await self._send(letter)
            if self._session is not None and not self._turn.statistics().tasks_waiting:
                await self.close()
            return outcome

    async def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        session, self._session = self._session, None
        if session is not None:
            with trio.move_on_after(GOODBYE_S):
                await session.quit()
            await trio.aclose_forcefully(session.stream)

    async def _send(self, letter: Letter) -> Sent | Failed:
        reused = self._session is not None
        try:
            with trio.fail_after(WHOLE_S):
                return await self._attempt(letter)
        except Refused as error:
            failed = Failed(str(error))
        except trio.TooSlowError:
            failed = Failed("the mail server did not answer in time")
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            failed = _unreachable(error)
        except (SMTPException, ValueError):
            # Its own words may name the reader.
            failed = Failed("the mail server said something odd")
        await self._drop()
        if not reused:
            self._broke_at, self._broke = trio.current_time(), failed
        return failed

    async def _attempt(self, letter: Letter) -> Sent | Failed:
        if self._session is None:
            self._session = await self._connected()
        try:
            await self._session.deliver(letter)
        except Refused as error:
            if not await self._session.reset():
                await self._drop()
            return Failed(str(error), error.final)
        return Sent()

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await trio.aclose_forcefully(session.stream)

    async def _connected(self) -> "Session":
        config = self._config
        host = config.host or ""
        with trio.fail_after(CONNECT_S):
            stream: trio.abc.Stream = await trio.open_tcp_stream(host, config.at)
        self.connections += 1
        session = Session(stream)
        try:
            if config.tls == "tls":
                await session.hide(self._context, host)
            await session.begin()
            if config.tls == "starttls":
                await session.turn_secret(self._context, host)
            if config.username is not None:
                await session.log_in(config.username, config.password or "")
        except BaseException:
            await trio.aclose_forcefully(session.stream)
            raise
        return session


class Session:
    """What is said on one connection."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._protocol = SMTPClientProtocol()
        self._rest = b""

    async def hide(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on."""
        secret = trio.SSLStream(
            self.stream, context, server_hostname=host, https_compatible=True
        )
        self.stream = secret
        with trio.fail_after(CONNECT_S):
            await secret.do_handshake()

    async def begin(self) -> None:
        """Take the greeting, and greet."""
        _granted(await self._answer())
        await self._greet()

    async def turn_secret(self, context: ssl.SSLContext, host: str) -> None:
        """Have everything that follows be secret.

        Raises:
            Refused: the server cannot, or somebody between us says so.
        """
        if "STARTTLS" not in self._protocol.extensions:
            raise Refused("the mail server offers no STARTTLS")
        self._protocol.start_tls()
        _granted(await self._answer())
        if self._rest:
            # Said in the open, to be taken for what was said in secret.
            raise Refused("the mail server spoke out of turn")
        await self.hide(context, host)
        await self._greet()

    async def log_in(self, username: str, password: str) -> None:
        """Prove who we are."""
        offered = self._protocol.auth_mechanisms
        if "PLAIN" in offered:
            proof = _base64(f"\0{username}\0{password}")
            self._protocol.authenticate("PLAIN", proof)
        elif "LOGIN" in offered:
            self._protocol.authenticate("LOGIN")
            for proof in (username, password):
                _granted(await self._answer())
                self._protocol.send_authentication_data(_base64(proof))
        else:
            raise Refused("the mail server offers no login that we know")
        _granted(await self._answer())

    async def deliver(self, letter: Letter) -> None:
        """Hand a mail over.

        Raises:
            Refused: the server does not take it, for this reader at least.
        """
        plain = letter.to.isascii() and letter.sender.isascii()
        if not plain and "SMTPUTF8" not in self._protocol.extensions:
            raise Refused("the mail server knows no such addresses", final=True)
        self._protocol.mail(letter.sender, smtputf8=not plain)
        _granted(await self._answer())
        self._protocol.recipient(letter.to)
        _granted(await self._answer(), about_mail=True)
        self._protocol.start_data()
        _granted(await self._answer(), about_mail=True)
        self._protocol.data(letter.message)
        _granted(await self._answer(), about_mail=True)

    async def reset(self) -> bool:
        """Forget a mail that was refused; return whether another may be tried."""
        if self._protocol.state in UNDER_WAY:
            self._protocol.reset()
            _granted(await self._answer())
        return self._protocol.state is not ClientState.finished

    async def quit(self) -> None:
        """Say goodbye."""
        with suppress(SMTPException, OSError, trio.BrokenResourceError, Refused):
            self._protocol.quit()
            await self._answer()

    async def _greet(self) -> None:
        self._protocol.send_greeting("localhost")
        _granted(await self._answer())

    async def _answer(self) -> SMTPResponse:
        """Send what there is to send, and return what comes back."""
        with trio.fail_after(ANSWER_S):
            if outgoing := self._protocol.get_outgoing_data():
                await self.stream.send_all(outgoing)
            taken = 0
            while taken < ANSWER_BYTES:
                # Line by line: what follows an answer is known then, and by whom.
                line, end, rest = self._rest.partition(b"\r\n")
                if not end:
                    data = await self.stream.receive_some(PIECE)
                    if not data:
                        raise trio.BrokenResourceError
                    self._rest += data
                    taken += len(data)
                    continue
                self._rest = rest
                response = self._understood(line + end)
                if response is not None:
                    return response
                if more := self._protocol.get_outgoing_data():
                    await self.stream.send_all(more)  # the greeting of old servers
        raise Refused("the mail server does not stop talking")

    def _understood(self, line: bytes) -> SMTPResponse | None:
        """Return the answer that ends with `line`, if it is one."""
        try:
            return self._protocol.feed_bytes(line)
        except SMTPException:
            # A no that is not in the book is a no all the same, and the last word.
            code = line[:3].decode("ascii", "replace")
            if not code.isdecimal() or int(code) < LATER:
                raise
            return SMTPResponse(int(code), "")


def _granted(response: SMTPResponse, *, about_mail: bool = False) -> None:
    """Raise `Refused` if the server says no."""
    if response.is_error():
        final = about_mail and response.code >= REFUSED
        raise Refused(f"the mail server answered {response.code}", final=final)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _unreachable(error: Exception) -> Failed:
    """Return why there is no connection; trio wraps what TLS has to say."""
    for each in (error, error.__cause__):
        if isinstance(each, ssl.SSLError):
            return Failed(f"the mail server cannot be trusted ({each.reason})")
    return Failed(f"the mail server cannot be reached ({type(error).__name__})")
