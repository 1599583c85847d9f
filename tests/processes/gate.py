"""A way to the simulator at whose door callers can be kept waiting, before a byte has left them."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

_LOOPBACK = "127.0.0.1"


class Gate:
    """Lets one connection through, then none until it is opened.

    Whoever comes meanwhile waits for his connection to be made: the kernel's queue of the listening
    socket is full, so that it does not answer him.
    """

    def __init__(self, port: int) -> None:
        self._onward = port
        self._listening = socket.create_server((_LOOPBACK, 0), backlog=0)
        self.port: int = self._listening.getsockname()[1]
        self._in_the_way: list[socket.socket] = []
        self._opened = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def open(self) -> None:
        """Let everybody through from now on."""
        self._opened.set()

    def close(self) -> None:
        """Let nobody through any more."""
        self._opened.set()
        self._listening.close()
        for one in self._in_the_way:
            one.close()

    def _serve(self) -> None:
        first, _ = self._listening.accept()
        for _ in range(2):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((_LOOPBACK, self.port))
            self._in_the_way.append(one)
        self._let_through(first)
        self._opened.wait()
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:  # Closed.
                return
            self._let_through(caller)

    def _let_through(self, caller: socket.socket) -> None:
        onward = socket.create_connection((_LOOPBACK, self._onward))
        for one, other in ((caller, onward), (onward, caller)):
            threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    try:
        while part := one.recv(65536):
            other.sendall(part)
    except OSError:
        pass
    finally:
        one.close()
        other.close()


@contextmanager
def gated(port: int) -> Generator[Gate]:
    """Put a gate before a port of this machine."""
    gate = Gate(port)
    try:
        yield gate
    finally:
        gate.close()
