"""An HTTP transport that looks where it connects to, and keeps one time limit a request.

The check is made on the very addresses that are connected to, so that a name which resolves
differently the second time gains nothing. Of httpx2 and httpcore2 it uses what is public.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2

from vlm4rec.catalog.addresses import is_public

if TYPE_CHECKING:
    from httpcore2 import SOCKET_OPTION

__all__ = ["CheckedTransport", "RefusedAddressError"]

_CONNECT_SECONDS = 10.0


class RefusedAddressError(Exception):
    """A host that resolves to an address outside the open internet."""


class _Deadline(threading.local):
    """When the request of this thread must be done, on the monotonic clock."""

    at = float("inf")

    def left(self) -> float:
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for this photo is over")
        return left

    def bounded(self, timeout: float | None) -> float:
        return min(self.left(), timeout or _CONNECT_SECONDS)


class CheckedTransport(httpx2.BaseTransport):
    """Connects to addresses of the open internet alone, unless private ones are allowed.

    Parameters
    ----------
    allow_private
        Whether private, loopback and other special addresses are allowed.
    connections
        The most connections at a time.
    """

    def __init__(self, *, allow_private: bool, connections: int = 64) -> None:
        self._deadline = _Deadline()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=15.0,
            network_backend=_CheckedBackend(self._deadline, allow_private=allow_private),
        )

    def allow_seconds(self, seconds: float) -> None:
        """Give the requests of this thread so much time from now, whatever they are made of."""
        self._deadline.at = time.monotonic() + seconds

    def time_is_over(self) -> bool:
        """Tell whether the time that this thread was given is used up."""
        return time.monotonic() >= self._deadline.at

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; follows no redirect."""
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = self._pool.handle_request(
            httpcore2.Request(
                request.method, url, headers=request.headers.raw, extensions=request.extensions
            )
        )
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _CheckedBackend(httpcore2.NetworkBackend):
    def __init__(self, deadline: _Deadline, *, allow_private: bool) -> None:
        self._sockets = httpcore2.SyncBackend()
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve, check every address, and connect to the first of them that answers."""
        failure = httpcore2.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._sockets.connect_tcp(
                    address,
                    port,
                    self._deadline.bounded(timeout),
                    local_address,
                    socket_options,
                )
            except httpcore2.ConnectError as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} can't be resolved") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(map(is_public, addresses)):
            raise RefusedAddressError(host)
        return addresses


class _TimedStream(httpcore2.NetworkStream):
    """Ends a server that drips a byte at a time, which a limit on each read would let go on."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.bounded(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        bounded = self._deadline.bounded(timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, bounded)
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
