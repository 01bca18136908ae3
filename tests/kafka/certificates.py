"""Certificates for tests, made when asked for: an authority, servers' and users' certificates, and stores by keytool.

Everything lies in a temporary folder. Read `secure` for the broker that serves with them.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

STORE_PASSWORD = "st0re-pa55word"


@dataclass(frozen=True)
class Certificate:
    """A private key (PKCS#8) and its chain, as PEM."""

    key: str
    chain: str

    def protected_key(self, password: str) -> str:
        """The key, encrypted with a password."""
        key = load_pem_private_key(self.key.encode(), None)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())).decode()


class Authority:
    """A certificate authority of a test run, with the files that others need in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._ca = trustme.CA(organization_name="Eventscope tests")
        self.pem = self._ca.cert_pem.bytes().decode()
        self.ca_file = self.file("ca.pem", self.pem)

    def file(self, name: str, text: str) -> Path:
        """A file of the folder with this text."""
        path = self.folder / name
        path.write_text(text)
        return path

    def issue(self, *names: str, common_name: str | None = None, expired: bool = False) -> Certificate:
        """A certificate for host names or addresses; an expired one ended yesterday."""
        now = datetime.now(UTC)
        ends = now - timedelta(days=1) if expired else now + timedelta(days=2)
        issued = self._ca.issue_cert(*names, common_name=common_name, not_before=now - timedelta(days=9), not_after=ends)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return Certificate(key_pem, "".join(blob.bytes().decode() for blob in issued.cert_chain_pems))

    def truststore(self, kind: str) -> Path:
        """A truststore with the authority, as Java's keytool makes it; `kind` is JKS or PKCS12."""
        path = self.folder / f"trust.{kind.lower()}"
        if not path.exists():
            store = ("-keystore", path, "-storetype", kind, "-storepass", STORE_PASSWORD)
            keytool("-importcert", "-noprompt", "-alias", "ca", "-file", self.ca_file, *store)
        return path

    def keystore(self, kind: str, certificate: Certificate) -> Path:
        """A keystore with the certificate's key and chain, as Java's tools make it."""
        path, bundle = self.folder / f"key.{kind.lower()}", self.folder / "bundle.p12"
        _write_pkcs12(bundle, certificate)
        path.unlink(missing_ok=True)
        keytool(
            *("-importkeystore", "-noprompt", "-srckeystore", bundle, "-srcstoretype", "PKCS12", "-srcstorepass", STORE_PASSWORD),
            *("-destkeystore", path, "-deststoretype", kind, "-deststorepass", STORE_PASSWORD),
        )
        return path


def _write_pkcs12(path: Path, certificate: Certificate) -> None:
    key = load_pem_private_key(certificate.key.encode(), None)
    first, *others = x509.load_pem_x509_certificates(certificate.chain.encode())
    assert isinstance(key, EllipticCurvePrivateKey)
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"user", key, first, others, BestAvailableEncryption(STORE_PASSWORD.encode())))


def keytool(*arguments: str | Path) -> None:
    """Runs the JDK's keytool; fails with what it said."""
    done = subprocess.run(["keytool", *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
