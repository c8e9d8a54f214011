"""HTTP/1.1 on loopback in a thread of its own, with every way to spoil an answer on the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Connection", "Loop", "Reply"]

_HEADERS_END = b"\r\n\r\n"


@dataclass
class Reply:
    """What is sent for a request, and how: after ``delay`` seconds, cut after ``cut`` bytes, ...

    ``then`` is called once, with whether all of it went out while the client still listened.
    """

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    reset: bool = False
    pause: float = 0.0
    twice: bool = False
    then: Callable[[bool], None] = lambda _whole: None

    def message(self) -> bytes:
        lines = [
            f"HTTP/1.1 {self.status} Status",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            "Content-Type: application/json",
            f"Content-Length: {len(self.content)}",
        ]
        head = "\r\n".join(lines).encode() + _HEADERS_END
        return head + (self.content if self.cut is None else self.content[: self.cut])


Answer = Callable[[str, dict[str, str], bytes], Reply]
"""From path, headers and body to the reply."""


class Connection(asyncio.Protocol):
    """One connection: requests one after the other, until either side hangs up."""

    def __init__(
        self,
        answer: Answer,
        early: Callable[[], bool],
        open_: set[Connection],
        defects: list[BaseException],
    ) -> None:
        self._answer = answer
        self._early = early
        self._all = open_
        self._defects = defects
        self._got = bytearray()
        self._transport: asyncio.Transport
        self._headers: tuple[str, dict[str, str]] | None = None
        self._task: asyncio.Task[None] | None = None
        self._busy = False
        self._shifted = False
        self._open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport
        self._all.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._open = False
        self._all.discard(self)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if self._headers is None and _HEADERS_END in self._got:
            head, _, rest = bytes(self._got).partition(_HEADERS_END)
            self._got = bytearray(rest)
            self._headers = _parsed(head)
            if self._early():
                self.reset()
                return
        self._serve()

    def _serve(self) -> None:
        """Answer when the whole request is there, and no other is being answered."""
        if self._headers is None or self._busy:
            return
        path, headers = self._headers
        length = int(headers.get("content-length", "0"))
        if len(self._got) < length:
            return
        body, self._got, self._headers = bytes(self._got[:length]), self._got[length:], None
        self._busy = True
        reply = self._answer(path, headers, body)
        self._task = asyncio.get_running_loop().create_task(self._send(reply))
        self._task.add_done_callback(self._note)

    def _note(self, task: asyncio.Task[None]) -> None:
        """Keep what went wrong in the server itself: a test must not pass on it."""
        if not task.cancelled() and (error := task.exception()):
            self._defects.append(error)

    async def _send(self, reply: Reply) -> None:
        whole = False
        try:
            if reply.delay:
                await asyncio.sleep(reply.delay)
            whole = await self._write(reply)
        finally:
            reply.then(whole)
        if reply.reset:
            await asyncio.sleep(0.01 if reply.cut else 0)  # what was sent arrives before the reset
            self.reset()
        elif reply.cut is not None:
            self._transport.close()
        else:
            self._busy = False
            self._serve()

    async def _write(self, reply: Reply) -> bool:
        """Send; tell whether all of it went out while the client listened."""
        message = reply.message()
        if reply.pause:
            await self._trickle(message, len(message) - len(reply.content), reply.pause)
        elif self._open and (reply.cut or not reply.reset):
            self._transport.write(message * (2 if reply.twice else 1))
        # Behind an answer sent twice, each is taken for the answer to the question after it.
        whole = self._open and not reply.reset and reply.cut is None and not self._shifted
        self._shifted |= reply.twice
        return whole

    async def _trickle(self, message: bytes, head: int, pause: float) -> None:
        self._transport.write(message[:head])
        for byte in message[head:]:
            await asyncio.sleep(pause)
            if not self._open:
                return
            self._transport.write(bytes([byte]))

    def reset(self) -> None:
        """Close such that the client's system is told of a reset, not of an end."""
        if not self._open:
            return
        linger = struct.pack("ii", 1, 0)
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs}


class Loop:
    """An event loop in a thread, that serves until it is closed."""

    def __init__(
        self, answer: Answer, early: Callable[[], bool], defects: list[BaseException]
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._open: set[Connection] = set()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: Connection(answer, early, self._open, defects), "127.0.0.1", 0, backlog=1024
            )
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, drop what is under way, end the thread; the second time do nothing."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self._open):
            connection.reset()
        await asyncio.sleep(0)  # the transports close in the loop's next round
        await asyncio.sleep(0)
