"""A bad line on loopback: slow in both directions, far away, and cut again and again.

It stands between a client and a server as a TCP proxy and holds back what a line of that rate could not carry yet: its
own buffers are a few kilobytes, so what a client could not send stays with the client. Whatever was taken from the
client counts as sent, also what a cut then loses on its way.

The line's clock runs while something is on its way. A machine that is busy with other things makes the sending take
longer, in a line that runs ten times as fast tenfold so, but does not cut it more often.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
PIECE_BYTES = 512
BUFFER_BYTES = 4096  # of each socket; the kernel takes twice as much
SEGMENT_BYTES = 1400  # loopback's own segments of 64 KB would pass over such buffers
PIECES_ON_THE_WAY = 64
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is not delivered yet is thrown away


@dataclass(frozen=True)
class Line:
    """A kind of line. The rate holds in each direction, for all connections together; the delay is that of a round
    trip, once for each answer and once more for each new connection, which takes such a trip to begin with."""

    bytes_per_second: float
    round_trip_s: float
    cut_every_s: float | None = None

    def faster(self, times: float) -> "Line":
        """The same line in time that runs faster: as many bytes and as many round trips between two cuts."""
        cut = self.cut_every_s and self.cut_every_s / times
        return replace(
            self,
            bytes_per_second=self.bytes_per_second * times,
            round_trip_s=self.round_trip_s / times,
            cut_every_s=cut,
        )


MOUNTAINS = Line(bytes_per_second=50_000 / 8, round_trip_s=0.5, cut_every_s=20)
"""What a check-in must get through: 50 kbit/s, half a second away, cut every 20 seconds."""


class BadLine:
    """The proxy; a context manager. A good line until `spoil` is called, so that a page can be opened over it first.

    `sent` are the bytes that clients have given to it since then, `received` those that it has brought them, `cuts` the
    times that it was cut, all connections of that moment at once.
    """

    def __init__(self, target_url: str, line: Line) -> None:
        parts = urlsplit(target_url)
        self._target = (parts.hostname or HOST, parts.port or 80)
        self._line = line
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        _make_small(self._listener)
        self._listener.setblocking(False)
        self._bad = False
        self._age_s = 0.0  # since the last cut, by the line's clock
        self._connections: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._up, self._down = _Direction(), _Direction()
        self._last: _Direction | None = None
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True)
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    @property
    def sent(self) -> int:
        return self._up.taken

    @property
    def received(self) -> int:
        return self._down.taken

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    def spoil(self) -> None:
        """From now on the line is bad, and its bytes are counted."""
        self._loop.call_soon_threadsafe(self._spoil)

    def _spoil(self) -> None:
        self._bad = True

    async def _run(self) -> None:
        accepting = self._loop.create_task(self._accept())
        await self._ended.wait()
        for task in (accepting, *self._connections):
            task.cancel()
        await asyncio.gather(accepting, *self._connections, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            task = self._loop.create_task(self._connect(client))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _connect(self, client: socket.socket) -> None:
        server = socket.socket()
        try:
            for one in (client, server):
                _make_small(one)
                one.setblocking(False)
            await self._loop.sock_connect(server, self._target)
            if self._bad:
                await asyncio.sleep(self._line.round_trip_s)
                self._grow_older(self._line.round_trip_s)
            up, down = self._pass_on(client, server, self._up), self._pass_on(server, client, self._down)
            await asyncio.gather(up, down)
        except OSError:
            pass  # one of the two has gone: so does the other
        finally:
            for one in (client, server):
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                one.close()

    async def _pass_on(self, source: socket.socket, sink: socket.socket, direction: "_Direction") -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PIECES_ON_THE_WAY)
        both_ways = asyncio.gather(self._take(source, direction, on_the_way), self._deliver(sink, on_the_way))
        await both_ways

    async def _take(
        self, source: socket.socket, direction: "_Direction", on_the_way: "asyncio.Queue[tuple[float, bytes]]"
    ) -> None:
        piece = b"begin"
        while piece:
            piece = await self._loop.sock_recv(source, PIECE_BYTES)
            delay = 0.0
            if self._bad:
                await self._carry(len(piece), direction)
                delay = self._line.round_trip_s / 2
            await on_the_way.put((self._loop.time() + delay, piece))

    async def _deliver(self, sink: socket.socket, on_the_way: "asyncio.Queue[tuple[float, bytes]]") -> None:
        piece = b"begin"
        while piece:
            due, piece = await on_the_way.get()
            await asyncio.sleep(due - self._loop.time())
            await self._loop.sock_sendall(sink, piece)
        sink.shutdown(socket.SHUT_WR)

    async def _carry(self, count: int, direction: "_Direction") -> None:
        """Return when the line has carried so many bytes more this way; it may be cut meanwhile."""
        direction.taken += count
        seconds = count / self._line.bytes_per_second
        turned = direction is not self._last
        self._last = direction
        direction.free_at = max(direction.free_at, self._loop.time()) + seconds
        await asyncio.sleep(direction.free_at - self._loop.time())
        self._grow_older(seconds + (self._line.round_trip_s / 2 if turned else 0))

    def _grow_older(self, seconds: float) -> None:
        self._age_s += seconds
        if self._line.cut_every_s is None or self._age_s < self._line.cut_every_s:
            return
        self._age_s, self.cuts = 0.0, self.cuts + 1
        self._up.free_at = self._down.free_at = 0.0
        for task in self._connections:
            task.cancel()


@dataclass
class _Direction:
    """What all connections together have carried one way, and until when the line is taken."""

    taken: int = 0
    free_at: float = 0.0


def _make_small(one: socket.socket) -> None:
    for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        one.setsockopt(socket.SOL_SOCKET, buffer, BUFFER_BYTES)
