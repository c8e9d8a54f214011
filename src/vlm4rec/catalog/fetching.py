"""Fetching photos by URL, from the open internet alone and within limits."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from vlm4rec._version import __version__
from vlm4rec.catalog.photos import PhotoFacts, inspect_photo_bytes
from vlm4rec.errors import MissingExtraError, PhotoError
from vlm4rec.storage import replacing

if TYPE_CHECKING:
    import httpx2

    from vlm4rec.catalog.checked_network import CheckedTransport

__all__ = ["MAX_DOWNLOAD_BYTES", "PhotoFetcher", "safe_url", "url_name"]

MAX_DOWNLOAD_BYTES = 50_000_000
"""A photo of more bytes is not downloaded."""

_MAX_REDIRECTS = 5
_TRIES = 3
_SECONDS = 30.0
_RETRIED = frozenset({429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})
_SECRETS = re.compile(
    r"([?&][^=&#]*(?:token|key|sig|secret|pass|auth|credential)[^=&#]*)=[^&#]*", re.IGNORECASE
)

_HOST = re.compile(rb"[A-Za-z0-9._~:-]+")


def url_name(url: str) -> str:
    """Return the name, without suffix, of the file that a URL is downloaded to."""
    return hashlib.sha256(url.encode(errors="surrogatepass")).hexdigest()


def safe_url(url: str) -> str:
    """Return a URL as it may be shown: without user name, password, keys and signatures.

    >>> safe_url("https://me:secret@example.org/a.jpg?width=80&X-Amz-Signature=ab12")
    'https://example.org/a.jpg?width=80&X-Amz-Signature=...'
    """
    user = r"//[^/?#]*@" if _is_well_formed(url) else r"//.*@"
    return _SECRETS.sub(r"\1=...", re.sub(user, "//", url, flags=re.DOTALL))


class _AgainError(Exception):
    """A failure that may be gone at the next try; holds the error to raise when it is not."""

    def __init__(self, error: PhotoError) -> None:
        super().__init__(str(error))
        self.error = error


class PhotoFetcher:
    """Downloads photos into a folder; safe to use from several threads at once.

    Only http and https, only to addresses of the open internet, also after redirects and however
    a name resolves; at most 50 MB and 30 seconds a photo, 5 redirects and 3 tries. Proxies of the
    environment are ignored, since a proxy would connect to what is refused here.

    Parameters
    ----------
    folder
        Where the photos go; each is named by the hash of its URL.
    allow_private
        Whether private, loopback and other special addresses are allowed.
    seconds
        The time for one photo, all its tries together.
    wait
        Sleeps so many seconds between tries.

    Raises
    ------
    MissingExtraError
        If the extra ``web`` is not installed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        allow_private: bool = False,
        seconds: float = _SECONDS,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._wait = wait
        self._transport = _transport(allow_private=allow_private)

    def fetch(self, url: str) -> tuple[Path, PhotoFacts]:
        """Download a photo, and return where it is and what is known of it.

        Raises
        ------
        PhotoError
            Its ``code`` is one of ``bad-url``, ``refused-address``, ``not-found``,
            ``unreachable``, ``timed-out`` and ``too-large``, or one of those that
            `vlm4rec.catalog.photos.open_photo` raises.
        """
        shown = safe_url(url)
        content = self._content(url, shown)
        facts = inspect_photo_bytes(content, shown)
        suffix = "jpg" if facts.format == "JPEG" else facts.format.lower()
        path = self._folder.absolute() / f"{url_name(url)}.{suffix}"
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        return path, dataclasses.replace(facts, mtime_ns=path.stat().st_mtime_ns)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _content(self, url: str, shown: str) -> bytes:
        self._transport.allow_seconds(self._seconds)
        for tried in range(1, _TRIES + 1):
            try:
                with _explaining(shown):
                    return self._try(url, shown)
            except _AgainError as again:
                if tried == _TRIES or self._transport.time_is_over():
                    raise again.error from None
            self._wait(0.5 * 2**tried)
        raise AssertionError  # the last try returned or raised

    def _try(self, given: str, shown: str) -> bytes:
        """Send the request and follow redirects; each of them is checked as the first one is."""
        url = _parsed(given, shown)
        origin = url.host
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._transport.handle_request(_request(url, trusted=url.host == origin))
            with contextlib.closing(response):
                if not response.has_redirect_location:
                    return _body(response, shown)
                url = _redirected(url, response.headers["location"], shown)
        raise _unreachable(shown, f"it redirects more than {_MAX_REDIRECTS} times")


def _transport(*, allow_private: bool) -> CheckedTransport:
    try:
        from vlm4rec.catalog.checked_network import CheckedTransport
    except ImportError:
        raise MissingExtraError("Fetching photos by URL", "web") from None
    return CheckedTransport(allow_private=allow_private)


def _is_well_formed(url: str) -> bool:
    try:
        return urlsplit(url).port is not False
    except ValueError:
        return False


def _parsed(url: str, shown: str) -> httpx2.URL:
    import httpx2

    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise _bad_url(shown, "is not a URL") from None
    return _only_http(parsed, shown)


def _only_http(url: httpx2.URL, shown: str) -> httpx2.URL:
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host):
        raise _bad_url(shown, "does not lead to an http or https address")
    return url


def _redirected(url: httpx2.URL, location: str, shown: str) -> httpx2.URL:
    import httpx2

    try:
        return _only_http(url.join(location), shown)
    except (httpx2.InvalidURL, ValueError):
        raise _bad_url(shown, "redirects to what is not a URL") from None


def _request(url: httpx2.URL, *, trusted: bool) -> httpx2.Request:
    """Make a request; the user name and password of the URL go to its own host alone."""
    import httpx2

    headers = {
        "User-Agent": f"vlm4rec/{__version__}",
        "Accept": "image/jpeg, image/png, image/webp, image/*;q=0.5",
        "Accept-Encoding": "identity",
    }
    if url.userinfo and trusted:
        pair = f"{url.username}:{url.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return httpx2.Request("GET", url, headers=headers)


def _body(response: httpx2.Response, shown: str) -> bytes:
    _check_status(response.status_code, shown)
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_DOWNLOAD_BYTES:
        raise _too_large(shown)
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > MAX_DOWNLOAD_BYTES:
            raise _too_large(shown)
    return bytes(content)


def _check_status(status: int, shown: str) -> None:
    if status in _GONE:
        raise PhotoError(f"{shown} is not there.", "Correct the URL.", code="not-found")
    if status in _RETRIED:
        raise _AgainError(_unreachable(shown, f"the server answers {status}"))
    if status != 200:
        raise _unreachable(shown, f"the server answers {status}")


@contextlib.contextmanager
def _explaining(shown: str) -> Iterator[None]:
    """Turn what the network raises into errors that name the URL."""
    import httpcore2
    import httpx2

    from vlm4rec.catalog.checked_network import RefusedAddressError

    try:
        yield
    except RefusedAddressError as error:
        raise PhotoError(
            f"{shown} leads to {error}, which is not on the open internet.",
            "If this is your own server, allow it: --allow-private-urls.",
            code="refused-address",
        ) from None
    except httpcore2.TimeoutException:
        raise _AgainError(_timed_out(shown)) from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise _AgainError(_unreachable(shown, str(error) or "the connection broke")) from None
    except (httpx2.DecodingError, httpcore2.UnsupportedProtocol) as error:
        raise _unreachable(shown, str(error)) from None


def _bad_url(shown: str, what: str) -> PhotoError:
    return PhotoError(
        f"{shown} {what}.", "Write a URL that begins with https:// or http://.", code="bad-url"
    )


def _timed_out(shown: str) -> PhotoError:
    return PhotoError(f"{shown} takes too long.", "Try again later.", code="timed-out")


def _too_large(shown: str) -> PhotoError:
    return PhotoError(
        f"{shown} is larger than {MAX_DOWNLOAD_BYTES // 10**6} MB.",
        "Give the URL of a smaller photo.",
        code="too-large",
    )


def _unreachable(shown: str, reason: str) -> PhotoError:
    return PhotoError(
        f"{shown} can't be fetched: {reason}.",
        "Check the URL, or try again later.",
        code="unreachable",
    )
