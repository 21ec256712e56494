"""HTTP/1.1 over one kept connection, as cheap as Python allows.

The client shares the machine with the server it measures: a general library would
cost as much CPU as the server's own work.
"""

import gzip
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# What a browser sends along with every request: the server has to read it too.
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like"
    " Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "gzip",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}


class HttpError(Exception):
    """The server answered with something other than success, or broke off."""


@dataclass
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((v for k, v in self.headers if k == name), "")


@dataclass
class Client:
    """One person's browser: a connection, its cookies, and its usual headers."""

    url: str
    headers: dict[str, str] = field(default_factory=lambda: dict(BROWSER))
    timeout_seconds: float = 300
    cookies: dict[str, str] = field(default_factory=dict)
    _socket: socket.socket | None = None

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        return self._ask("GET", path, b"", headers or {})

    def post(
        self, path: str, body: bytes, content_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        return self._ask(
            "POST", path, body, {"Content-Type": content_type, **(headers or {})}
        )

    def patch(self, path: str, body: bytes, content_type: str) -> Response:
        return self._ask("PATCH", path, body, {"Content-Type": content_type})

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Response:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(self.url).netloc}"]
        lines += [f"{k}: {v}" for k, v in {**self.headers, **headers}.items()]
        if self.cookies:
            pairs = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
            lines.append(f"Cookie: {pairs}")
        if method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        response = self._exchange(raw)
        for name, value in response.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return response

    def _exchange(self, raw: bytes) -> Response:
        """Send and read; once more on a new connection where the old was closed."""
        kept = self._socket is not None
        try:
            return self._once(raw)
        except ConnectionError:
            self.close()
            if not kept:
                raise
            return self._once(raw)

    def _once(self, raw: bytes) -> Response:
        if self._socket is None:
            place = urlsplit(self.url)
            assert place.hostname is not None
            self._socket = socket.create_connection(
                (place.hostname, place.port or 80), timeout=self.timeout_seconds
            )
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(raw)
        return self._read(self._socket)

    def _read(self, source: socket.socket) -> Response:
        buffer = b""
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            buffer += _some(source)
        first, *rest = buffer[:end].decode("latin-1").split("\r\n")
        headers = [
            (k.lower(), v.strip()) for k, _, v in (r.partition(":") for r in rest)
        ]
        response = Response(int(first.split(" ", 2)[1]), headers, buffer[end + 4 :])
        length = response.header("content-length")
        if length:
            while len(response.body) < int(length):
                response.body += _some(source)
        elif response.header("transfer-encoding") == "chunked":
            response.body = _chunks(source, response.body)
        elif response.status not in (204, 304):
            response.body = _to_the_end(source, response.body)
            self.close()
        if response.header("connection") == "close":
            self.close()
        if response.header("content-encoding") == "gzip":
            response.body = gzip.decompress(response.body)
        return response


def _some(source: socket.socket) -> bytes:
    received = source.recv(65536)
    if not received:
        raise ConnectionResetError("The server closed the connection.")
    return received


def _chunks(source: socket.socket, buffer: bytes) -> bytes:
    body = b""
    while True:
        while (end := buffer.find(b"\r\n")) < 0:
            buffer += _some(source)
        size = int(buffer[:end].split(b";")[0], 16)
        while len(buffer) < end + 2 + size + 2:
            buffer += _some(source)
        if not size:
            return body
        body += buffer[end + 2 : end + 2 + size]
        buffer = buffer[end + 4 + size :]


def _to_the_end(source: socket.socket, body: bytes) -> bytes:
    while received := source.recv(65536):
        body += received
    return body
