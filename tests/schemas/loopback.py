"""A small schema registry on a loopback port that notes every request, for tests of the client: logins, TLS, failures."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_words: object) -> None:
        """A client that breaks off is what some tests are about."""


@dataclass
class Loopback:
    """Answers GET from `things` (path → what is sent as JSON, bytes, or a status); `asked` are (method, path, headers)."""

    things: dict[str, Any] = field(default_factory=dict)
    authorization: str = ""
    """What the header must be, if anything."""
    tls: ssl.SSLContext | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    stalls: threading.Event | None = None
    """Answers wait until it is set."""

    def __post_init__(self) -> None:
        self.things.setdefault("/schemas/types", ["JSON", "PROTOBUF", "AVRO"])

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_words: object) -> None:
                """Nothing is printed."""

            def handle_any(self) -> None:
                outer.answer(self)

        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"):
            setattr(Handler, f"do_{method}", Handler.handle_any)
        self._server = _Server(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.stalls is not None:
            self.stalls.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """What was asked, without parameters."""
        return [path for _, path, _ in self.asked]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Sends what there is."""
        path = unquote(urlsplit(request.path).path)
        self.asked.append((request.command, path, dict(request.headers)))
        if self.stalls is not None:
            self.stalls.wait(60)
        if path in self.redirects:
            _send(request, 302, b"", {"Location": self.redirects[path]})
        elif self.authorization and request.headers.get("Authorization") != self.authorization:
            _send(request, 401, b'{"error_code":40101}')
        else:
            found = self.things.get(path, 404)
            if isinstance(found, int):
                _send(request, found, json.dumps({"error_code": found}).encode())
            else:
                _send(request, 200, found if isinstance(found, bytes) else json.dumps(found).encode())


def _send(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    request.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
