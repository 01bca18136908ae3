"""An OAuth token endpoint for tests, on loopback: unsecured tokens against a client's secret. Knows no Kafka."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class TokenServer:
    """Gives out unsecured tokens of alice to whoever knows the client's secret, each valid for `lifetime_s`."""

    client_id: str
    secret: str
    url: str = ""
    lifetime_s: int = 3600
    asked: list[str] = field(default_factory=list)

    def answer(self, authorization: str, body: str) -> tuple[int, dict[str, object]]:
        """HTTP status and JSON for one request."""
        self.asked.append(body)
        expected = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        if urllib.parse.unquote(authorization) != f"Basic {expected}":
            return 401, {"error": "invalid_client", "error_description": "no such client"}
        now = int(time.time())
        claims = {"sub": "alice", "iat": now - 60, "exp": now + self.lifetime_s, "iss": "tests", "aud": "kafka"}
        return 200, {"access_token": _token(claims), "token_type": "Bearer", "expires_in": self.lifetime_s}


def _token(claims: Mapping[str, object]) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, dict(claims)]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


@contextmanager
def serving(given: TokenServer) -> Iterator[TokenServer]:
    """Serves it on a free loopback port, until left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, answer = given.answer(self.headers.get("Authorization", ""), body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    given.url = f"http://127.0.0.1:{server.server_address[1]}/token"
    try:
        yield given
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
