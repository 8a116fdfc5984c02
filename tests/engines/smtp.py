"""A real SMTP server on loopback that collects what is sent to it, and can misbehave as real ones do."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
ANSWER_SECONDS = 10
ACCEPTED = "250 OK"


@dataclass(frozen=True)
class Delivery:
    """One message as the envelope brought it."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


def _delivery(envelope: Envelope) -> Delivery:
    content = cast(bytes, envelope.original_content)
    message = message_from_bytes(content, policy=policy.SMTP)
    return Delivery(envelope.mail_from or "", tuple(envelope.rcpt_tos), message)


class _TrackedSmtp(SMTP):
    """One connection that is known while it lasts, so that stopping can cut it as a dying server would."""

    def __init__(self, connections: set[asyncio.BaseTransport], *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._own_transport = transport
        self._connections.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._connections.discard(self._own_transport)


class SmtpSink:
    """The server; a context manager.

    `deliveries` were answered 250. `unanswered` were received whole, then the connection was dropped: to the sender
    they are neither delivered nor refused.
    """

    def __init__(self) -> None:
        self.host = HOST
        self.port = 0
        self._arrived = threading.Condition()
        self._deliveries: list[Delivery] = []
        self._unanswered: list[Delivery] = []
        self._recipient_answers: dict[str, str] = {}
        self._sender_answer: str | None = None
        self._drops_left = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-sink", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.BaseTransport] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.resume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.refuse_connections()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- what came

    @property
    def deliveries(self) -> list[Delivery]:
        """What was accepted so far, in order."""
        with self._arrived:
            return list(self._deliveries)

    @property
    def unanswered(self) -> list[Delivery]:
        """What was received before a dropped connection, in order."""
        with self._arrived:
            return list(self._unanswered)

    @property
    def messages(self) -> list[EmailMessage]:
        """The accepted messages without their envelopes."""
        return [delivery.message for delivery in self.deliveries]

    def wait_for(self, count: int, seconds: float = ANSWER_SECONDS) -> list[Delivery]:
        """The deliveries, once there are at least `count`; TimeoutError when they do not come."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._deliveries) >= count, timeout=seconds):
                raise TimeoutError(f"{len(self._deliveries)} of {count} mails came within {seconds} seconds.")
            return list(self._deliveries)

    def clear(self) -> None:
        """Forget what came."""
        with self._arrived:
            self._deliveries.clear()
            self._unanswered.clear()

    # --- misbehaving

    def refuse_connections(self) -> None:
        """Stop listening and cut what is connected; the port stays ours to come back to."""
        self._call(self._stop_listening)

    def resume(self) -> None:
        """Listen, on the same port as before."""
        self._call(self._listen)

    def answer_recipient(self, address: str, answer: str) -> None:
        """Answer RCPT for this address so: "451 later", "550 no such user"."""
        self._recipient_answers[address.lower()] = answer

    def answer_sender(self, answer: str) -> None:
        """Answer every MAIL so: "421 busy"."""
        self._sender_answer = answer

    def drop_after_data(self, times: int = 1) -> None:
        """Receive the next messages whole, then drop the connection instead of an answer."""
        self._drops_left = times

    def behave(self) -> None:
        """Accept everything again."""
        self._recipient_answers.clear()
        self._sender_answer = None
        self._drops_left = 0

    # --- aiosmtpd's hooks; they run in the server's thread

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender, or give the answer that was asked for."""
        if self._sender_answer is not None:
            return self._sender_answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return ACCEPTED

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipient, or give the answer that was asked for."""
        answer = self._recipient_answers.get(address.lower())
        if answer is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer or ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, or drop the connection on it."""
        delivery = _delivery(envelope)
        if self._drops_left:
            self._drops_left -= 1
            with self._arrived:
                self._unanswered.append(delivery)
            cast(asyncio.Transport, server.transport).abort()
            raise ConnectionResetError("dropped on purpose")
        with self._arrived:
            self._deliveries.append(delivery)
            self._arrived.notify_all()
        return ACCEPTED

    async def handle_exception(self, error: Exception) -> str:
        """What aiosmtpd would answer to an error; on a dropped connection nobody reads it."""
        return f"451 {type(error).__name__}"

    # --- the server's thread

    def _call(self, action: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(action(), self._loop).result(timeout=ANSWER_SECONDS)

    def _connection(self) -> SMTP:
        return _TrackedSmtp(self._connections, self, hostname="sink.invalid", enable_SMTPUTF8=True, loop=self._loop)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await self._loop.create_server(self._connection, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for transport in list(self._connections):
            cast(asyncio.Transport, transport).abort()
        while self._connections:
            await asyncio.sleep(0)
