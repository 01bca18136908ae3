"""TLS to a real server: a certificate that is vouched for, one that is not, and a server that insists."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from inspector.sources import check_source, open_source
from tests.postgres.server import Database, Server
from tests.postgres.test_postgres import EVENTS


@pytest.fixture(scope="module")
def secure() -> Iterator[tuple[Database, Path]]:
    """A database behind a server that lets nobody in without TLS, and the certificate of its authority."""
    with tempfile.TemporaryDirectory(prefix="eventscope-postgres-") as folder:
        Path(folder).chmod(0o755)
        authority, server = trustme.CA(), Server(Path(folder) / "cluster")
        pem = server.folder / "data" / "server.pem"
        server.put(pem, authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.bytes())
        server.put(server.folder / "data" / "pg_hba.conf", b"hostssl all all 127.0.0.1/32 scram-sha-256\n")
        server.set(ssl="on", ssl_cert_file="server.pem", ssl_key_file="server.pem")
        root = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(root)
        try:
            made = server.start().database("shop")
            made.run(EVENTS)
            yield made, root
        finally:
            server.stop()


def last(url: str, config: dict[str, str]) -> tuple[str, bool, str]:
    step = list(check_source(url, config))[-1]
    return step.name, step.works, step.text


def test_certificate_that_is_vouched_for_is_taken(secure: tuple[Database, Path]) -> None:
    database, root = secure
    steps = list(check_source(f"{database.url}?sslmode=verify-full&sslrootcert={root}", database.config))
    assert [step.works for step in steps] == [True, True, True]
    assert "with TLS" in steps[0].text
    with closing(open_source(database.url, {**database.config, "sslmode": "verify-full", "sslrootcert": str(root)})) as source:
        assert source.logs()[0].end == 1


def test_certificate_that_nobody_vouches_for_is_refused(secure: tuple[Database, Path], tmp_path: Path) -> None:
    database, _ = secure
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for config in ({"sslmode": "verify-full", "sslrootcert": str(other)}, {"sslmode": "verify-ca", "sslrootcert": str(tmp_path / "none")}):
        assert last(database.url, {**database.config, **config})[:2] == ("TLS", False)


def test_server_that_insists_on_tls_says_so(secure: tuple[Database, Path]) -> None:
    database, _ = secure
    name, works, text = last(f"{database.url}?sslmode=disable", database.config)
    assert (name, works) == ("TLS", False)
    assert "sslmode=require" in text
