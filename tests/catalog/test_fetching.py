from __future__ import annotations

import base64
import gzip
import io
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from vlm4rec.catalog import fetching
from vlm4rec.catalog.fetching import PhotoFetcher, safe_url, url_name
from vlm4rec.catalog.items import Catalog, Item
from vlm4rec.catalog.photos import inspect_photo
from vlm4rec.catalog.survey import survey_photos
from vlm4rec.errors import MissingExtraError, PhotoError
from vlm4rec.storage import file_hash

checked_network = pytest.importorskip("vlm4rec.catalog.checked_network", exc_type=ImportError)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2)).save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()


class Server(ThreadingHTTPServer):
    """A web server on this machine; what it answers hangs on the path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[str] = []
        self.authorizations: list[str | None] = []
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.strip("/")
        self.server.seen.append(path)
        self.server.authorizations.append(self.headers["Authorization"])
        getattr(self, f"get_{path.split('/')[0]}", self.get_missing)(path)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def get_missing(self, path: str) -> None:
        self.answer(404, b"no")

    def get_photo(self, path: str) -> None:
        self.answer(200, PNG, Content_Type="text/html")

    def get_gzip(self, path: str) -> None:
        self.answer(200, gzip.compress(PNG), Content_Encoding="gzip")

    def get_page(self, path: str) -> None:
        self.answer(200, b"<html>not a photo</html>", Content_Type="image/png")

    def get_status(self, path: str) -> None:
        self.answer(int(path.split("/")[1]))

    def get_flaky(self, path: str) -> None:
        self.answer(*((500, b"") if self.server.seen.count(path) < 3 else (200, PNG)))

    def get_broken(self, path: str) -> None:
        self.answer(200, PNG, Content_Length=str(len(PNG) + 10))

    def get_redirect(self, path: str) -> None:
        left = int(path.split("/")[1])
        self.answer(302, Location="/photo" if left == 1 else f"/redirect/{left - 1}")

    def get_away(self, path: str) -> None:
        port = self.server.server_address[1]
        target = {
            "private": f"http://127.0.0.2:{port}/photo",
            "metadata": "http://169.254.169.254/latest/meta-data",
            "name": f"http://localhost:{port}/photo",
            "file": "file:///etc/passwd",
            "nowhere": "http://[",
        }[path.split("/")[1]]
        self.answer(302, Location=target)

    def get_endless(self, path: str) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.ending.is_set():
                self.wfile.write(b"\0" * 1_000_000)
        except OSError:
            self.close_connection = True

    def get_large(self, path: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**9))
        self.end_headers()

    def get_drip(self, path: str) -> None:
        lines = [b"HTTP/1.1 200 OK\r\n"] + [b"X-Drip: 1\r\n"] * 1_000
        if path.endswith("body"):
            lines = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"] + [b"x"] * 1_000
        for line in lines:
            if self.server.ending.wait(0.05):
                break
            try:
                self.wfile.write(line)
            except OSError:
                break
        self.close_connection = True

    def log_message(self, *message: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.ending.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def fetcher(tmp_path: Path, waits: list[float]) -> Iterator[PhotoFetcher]:
    with PhotoFetcher(tmp_path, allow_private=True, seconds=10, wait=waits.append) as fetcher:
        yield fetcher


def code_of(fetcher: PhotoFetcher, url: str) -> str:
    with pytest.raises(PhotoError) as caught:
        fetcher.fetch(url)
    assert caught.value.message.startswith(f"{safe_url(url)} ")
    return caught.value.code


@pytest.mark.parametrize("path", ["photo", "gzip", "redirect/1", "redirect/5"])
def test_a_photo_is_saved_under_the_hash_of_its_url_as_what_it_is(
    tmp_path: Path, server: Server, fetcher: PhotoFetcher, path: str
) -> None:
    url = f"{server.url}/{path}"
    saved, facts = fetcher.fetch(url)
    assert saved == tmp_path / f"{url_name(url)}.png"
    assert saved.read_bytes() == PNG
    assert facts == inspect_photo(saved)
    assert [path.name for path in tmp_path.iterdir()] == [saved.name]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("absent", "not-found"),
        ("status/410", "not-found"),
        ("status/403", "unreachable"),
        ("status/204", "unreachable"),
        ("status/200", "empty"),
        ("page", "not-an-image"),
        ("redirect/6", "unreachable"),
        ("large", "too-large"),
        ("away/file", "bad-url"),
        ("away/nowhere", "bad-url"),
    ],
)
def test_what_another_try_does_not_help_is_not_tried_again(
    server: Server, fetcher: PhotoFetcher, waits: list[float], tmp_path: Path, path: str, code: str
) -> None:
    assert code_of(fetcher, f"{server.url}/{path}") == code
    assert waits == []
    assert list(tmp_path.iterdir()) == []


def test_an_endless_answer_ends_at_the_limit(
    server: Server, fetcher: PhotoFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_DOWNLOAD_BYTES", 3_000_000)
    assert code_of(fetcher, f"{server.url}/endless") == "too-large"


def test_a_server_that_fails_twice_is_asked_a_third_time(
    server: Server, fetcher: PhotoFetcher, waits: list[float]
) -> None:
    fetcher.fetch(f"{server.url}/flaky")
    assert server.seen == ["flaky"] * 3
    assert waits == sorted(waits)
    assert len(waits) == 2


@pytest.mark.parametrize("path", ["status/503", "status/429", "broken"])
def test_a_server_that_keeps_failing_is_given_up(
    server: Server, fetcher: PhotoFetcher, path: str
) -> None:
    assert code_of(fetcher, f"{server.url}/{path}") == "unreachable"
    assert len(server.seen) == 3


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_drips_is_timed_out(tmp_path: Path, server: Server, part: str) -> None:
    started = time.monotonic()
    with PhotoFetcher(tmp_path, allow_private=True, seconds=0.5) as fetcher:
        assert code_of(fetcher, f"{server.url}/drip/{part}") == "timed-out"
    assert time.monotonic() - started < 5


def test_the_time_for_one_photo_does_not_run_for_the_next(tmp_path: Path, server: Server) -> None:
    with PhotoFetcher(tmp_path, allow_private=True, seconds=0.3) as fetcher:
        assert code_of(fetcher, f"{server.url}/drip/body") == "timed-out"
        fetcher.fetch(f"{server.url}/photo")


def test_nobody_listening_is_unreachable(fetcher: PhotoFetcher) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert code_of(fetcher, f"http://127.0.0.1:{port}/a.jpg") == "unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a.jpg",
        "file:///etc/passwd",
        "s3://bucket/a.jpg",
        "http://",
        "http:///a.jpg",
        "http://[::1/a.jpg",
        "http://example.org:port/a.jpg",
        "http://exa mple.org/a.jpg",
        "http://a\nb/",
        "a.jpg",
        "",
    ],
)
def test_what_is_no_web_address_is_refused(fetcher: PhotoFetcher, url: str) -> None:
    assert code_of(fetcher, url) == "bad-url"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"],
)
def test_this_machine_is_refused_however_it_is_written(
    tmp_path: Path, server: Server, host: str
) -> None:
    with PhotoFetcher(tmp_path) as fetcher:
        url = f"http://{host}:{server.server_address[1]}/photo"
        assert code_of(fetcher, url) in ("refused-address", "unreachable", "bad-url")
    assert server.seen == []


@pytest.mark.parametrize("where", ["private", "metadata", "name"])
def test_a_redirect_to_a_private_address_is_refused(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    resolve = socket.getaddrinfo

    def outside_then_inside(host: str, *rest: Any, **options: Any) -> Any:
        return resolve("127.0.0.3" if host == "localhost" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", outside_then_inside)
    monkeypatch.setattr(checked_network, "is_public", lambda address: address == "127.0.0.1")
    with PhotoFetcher(tmp_path) as fetcher:
        assert code_of(fetcher, f"{server.url}/away/{where}") == "refused-address"
    assert server.seen == [f"away/{where}"]


def test_the_address_that_was_checked_is_the_one_connected_to(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, asked = socket.getaddrinfo, []

    def rebinding(host: str, *rest: Any, **options: Any) -> Any:
        asked.append(host)
        inside = asked.count("photos.example") > 1
        known = {"photos.example": "127.0.0.2" if inside else "127.0.0.1"}
        return resolve(known.get(host, host), *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(checked_network, "is_public", lambda address: address == "127.0.0.1")
    with PhotoFetcher(tmp_path) as fetcher:
        fetcher.fetch(f"http://photos.example:{server.server_address[1]}/photo")
    assert asked.count("photos.example") == 1


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(host: str, port: int, **options: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in ("127.0.0.1", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    monkeypatch.setattr(checked_network, "is_public", lambda address: address == "127.0.0.1")
    with PhotoFetcher(tmp_path) as fetcher:
        assert code_of(fetcher, f"{server.url}/photo") == "refused-address"


def test_proxies_of_the_environment_are_ignored(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with PhotoFetcher(tmp_path, allow_private=True) as fetcher:
        path, facts = fetcher.fetch(f"{server.url}/photo")
    assert file_hash(path) == facts.sha256


def test_user_and_password_are_sent_to_their_host_and_never_shown(
    server: Server, fetcher: PhotoFetcher
) -> None:
    port = server.server_address[1]
    with pytest.raises(PhotoError) as caught:
        fetcher.fetch(f"http://me:hunter2@127.0.0.1:{port}/absent?api_key=hunter3")
    assert "hunter" not in str(caught.value)
    assert server.authorizations == [f"Basic {base64.b64encode(b'me:hunter2').decode()}"]


def test_user_and_password_are_not_sent_on_to_another_host(
    server: Server, fetcher: PhotoFetcher
) -> None:
    port = server.server_address[1]
    fetcher.fetch(f"http://me:hunter2@127.0.0.1:{port}/away/name")
    assert server.authorizations[0] is not None
    assert server.authorizations[1] is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.org/b@2x.jpg", "https://a.org/b@2x.jpg"),
        ("https://me@a.org/b.jpg", "https://a.org/b.jpg"),
        ("https://me:p@ss@a.org/b.jpg", "https://a.org/b.jpg"),
        ("https://me:p/ss@a.org/b.jpg", "https://a.org/b.jpg"),
        ("https://a.org/b?w=1&token=x&h=2#f", "https://a.org/b?w=1&token=...&h=2#f"),
        ("https://a.org/b?Signature=x", "https://a.org/b?Signature=..."),
    ],
)
def test_a_shown_url_holds_no_secret(url: str, shown: str) -> None:
    assert safe_url(url) == shown


def test_a_missing_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vlm4rec.catalog.checked_network", None)
    with pytest.raises(MissingExtraError, match=r"vlm4rec\[web\]"):
        PhotoFetcher(tmp_path)


def test_a_survey_fetches_each_url_once_and_reuses_what_is_there(
    tmp_path: Path, server: Server
) -> None:
    url = f"{server.url}/photo"
    items = [Item("a", photos=(url, f"{server.url}/absent")), Item("b", photos=(url,))]
    catalog, folder = Catalog.of(items), tmp_path / "downloads"
    first = survey_photos(catalog, download_folder=folder, allow_private=True)
    assert first.frame["path"].to_list() == [str(folder / f"{url_name(url)}.png"), None] * 1 + [
        str(folder / f"{url_name(url)}.png")
    ]
    assert [problem.code for problem in first.problems] == ["not-found"]
    for known in (None, first.frame):
        again = survey_photos(catalog, known=known, download_folder=folder, allow_private=True)
        assert again.frame.equals(first.frame)
    assert server.seen.count("photo") == 1


def test_a_damaged_download_is_fetched_again(tmp_path: Path, server: Server) -> None:
    url = f"{server.url}/photo"
    (tmp_path / f"{url_name(url)}.png").write_bytes(PNG[:20])
    catalog = Catalog.of([Item("a", photos=(url,))])
    found = survey_photos(catalog, download_folder=tmp_path, allow_private=True)
    assert found.problems == ()
    assert server.seen == ["photo"]
