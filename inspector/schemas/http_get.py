"""One registry's HTTP: GET and nothing else, bounded in time and size, its failures in words without secrets.

After a failure the registry is left alone for a while (`Circuit`), so that reading goes on while it is down. Read
`registry` for what is asked.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import certifi
import httpx
import orjson

from inspector.errors import UsageError
from inspector.properties import REDACTED, redact
from inspector.schemas import SchemaUnavailableError
from inspector.schemas.access import Access
from inspector.schemas.circuit import Circuit
from inspector.schemas.http_deadline import Deadline

CONNECT_S, READ_S, WHOLE_S = 3.0, 5.0, 10.0
"""How long a connection, each part of an answer and a whole answer may take."""
MOST_BYTES = 16 * 1024 * 1024
_MOST_REDIRECTS = 3
_ACCEPTED = "application/vnd.schemaregistry.v1+json, application/json, */*;q=0.5"
_BUSY = {429, 502, 503, 504}


class Answer(NamedTuple):
    """What a registry has at an address."""

    body: bytes
    headers: Mapping[str, str]


class Connection:
    """GET requests to one registry. Not shared between threads; the circuit may be."""

    def __init__(self, address: str, access: Access, circuit: Circuit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.address = address
        self._access = access
        self._circuit = circuit
        self._clock = clock
        self._deadline = Deadline()
        self._client = httpx.Client(
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=False,
            verify=_tls(address, access),
            auth=httpx.BasicAuth(access.user, access.password) if access.user else None,
            headers={"Accept": _ACCEPTED, "Accept-Encoding": "identity", "User-Agent": "eventscope"}
            | ({"Authorization": f"Bearer {access.token}"} if access.token else {}),
            trust_env=not _is_loopback(address),
        )

    def json(self, path: str, **parameters: str) -> object:
        """The JSON at `path`; None when the registry has no such thing. Raises SchemaUnavailableError."""
        answer = self.get(path, **parameters)
        if answer is None:
            return None
        try:
            found: object = orjson.loads(answer.body)
        except ValueError:
            raise self.unusable("answers, but not with JSON: is it the address of a schema registry?") from None
        return found

    def get(self, path: str, **parameters: str) -> Answer | None:
        """What is at `path` (appended to the address, or absolute from `/` when it is a whole URL); None for status 404."""
        self._circuit.check()
        begun_s = self._clock()
        url = httpx.URL(path if "://" in path else f"{self.address}{path}", params=parameters or None)
        try:
            with self._deadline.within(WHOLE_S):
                answer = self._get_again(url)
        except httpx.HTTPError as error:
            failure = self.unusable(_SLOW if self._deadline.is_over else _words(error))
        except _FailedError as error:
            failure = self.unusable(str(error))
            if not error.is_down:
                raise failure from None
        else:
            self._circuit.worked()
            return answer
        self._circuit.failed(str(failure), self._clock() - begun_s)
        # the cause may hold headers: it does not go with it
        raise failure from None

    def unusable(self, words: str) -> SchemaUnavailableError:
        """The registry cannot be asked, and why: an error that shows no secret."""
        text = f"{self.address} {words}"
        for secret in (self._access.password, self._access.token, self._access.key_password):
            if len(secret) > 1:
                text = text.replace(secret, REDACTED)
        return SchemaUnavailableError(redact(text))

    def _get_again(self, url: httpx.URL) -> Answer | None:
        """Once more when a kept connection turns out to have ended meanwhile."""
        try:
            return self._get(url)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if self._deadline.is_over:
                raise
            return self._get(url)

    def _get(self, url: httpx.URL) -> Answer | None:
        for _ in range(_MOST_REDIRECTS + 1):
            with self._client.stream("GET", url, extensions={"trace": self._deadline.trace}) as response:
                if not response.has_redirect_location:
                    return self._read(response)
                target = url.join(response.headers["location"])
            if _origin(target) != _origin(url):
                raise _FailedError(f"sends us on to {target.scheme}://{target.host}, which is not followed: give the right address")
            url = target
        raise _FailedError("sends us round in a circle")

    def _read(self, response: httpx.Response) -> Answer | None:
        status = response.status_code
        if status == 404:
            return None
        if words := _REFUSALS.get(status):
            raise _FailedError(words, is_down=status == 401)
        if status != 200:
            raise _FailedError(f"fails (status {status})", is_down=status in _BUSY)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise _FailedError("answers in a compressed form that was not asked for")
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) > MOST_BYTES:
                raise _FailedError(f"answers with more than {MOST_BYTES // 1024 // 1024} MB")
        return Answer(bytes(body), response.headers)

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()
        self._deadline.close()


class _FailedError(Exception):
    """An answer that is none; `is_down` when asking for something else would fail as well."""

    def __init__(self, words: str, *, is_down: bool = False) -> None:
        super().__init__(words)
        self.is_down = is_down


_SLOW = f"takes more than {WHOLE_S:.0f} s for an answer"
_REFUSALS = {
    401: "wants another login (status 401): give basic.auth.user.info or bearer.auth.token with --config",
    403: "does not let this login read it (status 403)",
    407: "is behind a proxy that wants a login (status 407)",
}


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_loopback(address: str) -> bool:
    """Proxies of the environment are for other machines."""
    host = urlsplit(address).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _tls(address: str, access: Access) -> ssl.SSLContext | bool:
    """What to trust: the given authority alone, or the system's and the common ones; and who we are. Raises UsageError."""
    if not address.startswith("https:"):
        return True
    try:
        context = ssl.create_default_context(cafile=access.ca or None)
        if not access.ca:
            context.load_verify_locations(certifi.where())
    except (OSError, ValueError):
        raise UsageError(f"the file {access.ca} of schema.registry.ssl.ca.location cannot be read as PEM certificates") from None
    if access.certificate:
        try:
            # without a password given, an encrypted key fails instead of asking on the terminal
            context.load_cert_chain(access.certificate, access.key or None, access.key_password or "")
        except (OSError, ValueError):
            raise UsageError(
                f"the client certificate {access.certificate} with its key cannot be read as PEM, or the key's password is wrong"
            ) from None
    return context


# ---- failures in words


_FAILURES: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "refuses the connection: it is down, or the port is another"),
    (socket.gaierror, "cannot be found: its host name is unknown here"),
    (httpx.ConnectTimeout, f"does not answer within {CONNECT_S:.0f} s"),
    (httpx.TimeoutException, f"took the question and does not answer within {READ_S:.0f} s"),
    (httpx.ProxyError, "cannot be reached through the proxy"),
    (httpx.ConnectError, "cannot be reached"),
)


def _words(error: httpx.HTTPError) -> str:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that is not trusted ({cause.verify_message}): schema.registry.ssl.ca.location names an authority"
        if isinstance(cause, ssl.SSLError):
            return f"fails at TLS ({cause.reason or 'no common protocol'}): is it an https address, and does it want a client certificate?"
    said = (words for kind, words in _FAILURES if any(isinstance(cause, kind) for cause in causes))
    return next(said, "ended the connection before the answer was whole")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
