"""The connection under a request: read it, answer on it, or do it harm.

Real harm needs the socket's transport, which `simulator.server` puts into the ASGI scope. Without
it (an in-process client) a cut is an exception, which such clients report as a broken connection.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable

from starlette.types import Receive, Scope, Send

from simulator.exchange import Answer

TRANSPORT = "outdial.simulator.transport"
"""Key of the ASGI scope that holds the `asyncio.Transport`."""

_LINGER_NONE = struct.pack("ii", 1, 0)


class Cut(Exception):
    """The connection was cut on purpose: nothing more can be sent."""


class Wire:
    """One request's connection."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport: asyncio.Transport | None = scope.get(TRANSPORT)
        self._receive = receive
        self._send = send

    async def read(self) -> bytes:
        """The whole body of the request.

        Raises `Cut` when the client leaves in the middle of it.
        """
        parts: list[bytes] = []
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Cut
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        return b"".join(parts)

    async def send(self, answer: Answer) -> None:
        """Answer properly."""
        body = answer.encode()
        await self.start(answer, {"content-length": str(len(body))})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def drip(self, answer: Answer, *, pieces: int, seconds: float) -> None:
        """Answer properly, but in `pieces` spread over `seconds`."""
        body = answer.encode()
        await self.start(answer, {"content-length": str(len(body))})
        size = max(1, -(-len(body) // pieces))
        for offset in range(0, len(body), size):
            await asyncio.sleep(seconds / pieces)
            part = {"type": "http.response.body", "body": body[offset : offset + size]}
            await self._send(part | {"more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def start(self, answer: Answer, more: dict[str, str]) -> None:
        """Send status and headers of an answer; an empty header is left out."""
        headers = {"content-type": answer.content_type, **more, **answer.headers}
        await self._send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (name.encode(), value.encode()) for name, value in headers.items() if value
                ],
            }
        )

    async def write_raw(self, *parts: bytes, pause: float = 0.0, reset: bool = False) -> None:
        """Put bytes on the socket as they are, `pause` seconds apart, then close or reset it.

        Raises `Cut`.
        """
        for part in parts:
            if self._transport is not None:
                self._transport.write(part)
            if pause:
                await asyncio.sleep(pause)
        await (self.reset() if reset else self.close())

    async def close(self) -> None:
        """Close the connection in good order (FIN) without a word. Raises `Cut`."""
        if self._transport is not None:
            self._transport.close()
        await self._end()

    async def reset(self) -> None:
        """Tear the connection down (RST). Raises `Cut`."""
        if self._transport is not None:
            sock: socket.socket | None = self._transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            self._transport.abort()
        await self._end()

    async def wait_until_gone(self) -> None:
        """Say nothing until the client leaves. Raises `Cut`."""
        await self._end()

    async def _end(self) -> None:
        # The server must have seen the connection die before we return, or it would answer 500
        # itself.
        while (await self._receive())["type"] != "http.disconnect":
            pass
        raise Cut


def head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """Status line and headers as bytes, for `Wire.write_raw`."""
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
