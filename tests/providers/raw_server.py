"""A server on loopback that speaks bytes: what real servers do only on their worst days."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

Behaviour = Callable[["Connection"], Awaitable[None]]


class Connection:
    """One accepted connection; remembers every byte that arrived."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.received = b""
        self.ended = asyncio.Event()

    async def request(self) -> bytes:
        """Wait for a whole request; empty if the client left."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            self.received += error.partial
            return b""
        length = next(
            (
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            ),
            0,
        )
        request = head + await self._reader.readexactly(length)
        self.received += request
        return request

    async def rest(self) -> None:
        """Wait until the client hangs up, and remember what it still sent."""
        self.received += await self._reader.read()

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Hang up with a RST."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        self.ended.set()


class RawServer:
    """Does with every connection what its behaviour says, and then hangs up."""

    def __init__(self, behaviour: Behaviour, scheme: str) -> None:
        self._behaviour = behaviour
        self._scheme = scheme
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: list[Connection] = []
        self.accepted = asyncio.Event()
        self.asked = asyncio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[bytes]:
        return [connection.received for connection in self.connections if connection.received]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.append(connection)
        self.accepted.set()
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._behaviour(connection)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The client left first, as some tests want it to.
        finally:
            await connection.close()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def listening(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[RawServer]:
    """`tls`: with which certificate; a connection counts when its handshake is over."""
    raw = RawServer(behaviour, "https" if tls else "http")
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=tls)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
        await raw.stop()
        await server.wait_closed()


def answering(answer: bytes) -> Behaviour:
    """Read a request, answer it, hang up."""

    async def behave(connection: Connection) -> None:
        if await connection.request():
            await connection.say(answer)

    return behave


def http(status: int, body: bytes = b"{}", **headers: str) -> bytes:
    """An HTTP/1.1 answer; underscores in header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    said = {"content-length": str(len(body)), **named}
    lines = [f"{name}: {value}\r\n" for name, value in said.items()]
    return f"HTTP/1.1 {status} Whatever\r\n{''.join(lines)}\r\n".encode() + body
