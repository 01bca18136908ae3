"""Java's stores as PEM: what keytool and others write is read whole, and what is damaged is said in a sentence."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.sources.kafka_stores import key_and_chain_pem, trusted_pem

PASSWORD, KEY_PASSWORD = "store-4711", "kéy-4711"
CA = trustme.CA()
LEAF = CA.issue_cert("alice@shop.example", common_name="alice")
KEY = load_pem_private_key(LEAF.private_key_pem.bytes(), None)
CERTIFICATE = x509.load_pem_x509_certificate(LEAF.cert_chain_pems[0].bytes())
ISSUER = x509.load_pem_x509_certificate(CA.cert_pem.bytes())

needs_keytool = pytest.mark.skipif(shutil.which("keytool") is None, reason="needs a JDK's keytool")


def p12(password: str | None = PASSWORD) -> bytes:
    assert isinstance(KEY, EllipticCurvePrivateKey)
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"alice", KEY, CERTIFICATE, [ISSUER], encryption)


def keytool(*arguments: str | Path) -> None:
    done = subprocess.run(["keytool", *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def truststore(folder: Path, kind: str) -> bytes:
    (folder / "ca.pem").write_bytes(CA.cert_pem.bytes())
    path = folder / f"trust.{kind.lower()}"
    store = ("-keystore", path, "-storetype", kind, "-storepass", PASSWORD)
    keytool("-importcert", "-noprompt", "-alias", "ca", "-file", folder / "ca.pem", *store)
    return path.read_bytes()


def keystore(folder: Path, kind: str, key_password: str = PASSWORD) -> bytes:
    bundle, path = folder / "bundle.p12", folder / f"key.{kind.lower()}"
    bundle.write_bytes(p12())
    keytool(
        *(
            "-importkeystore",
            "-noprompt",
            "-srckeystore",
            bundle,
            "-srcstoretype",
            "PKCS12",
            "-srcstorepass",
            PASSWORD,
            "-srcalias",
            "alice",
        ),
        *("-destkeystore", path, "-deststoretype", kind, "-deststorepass", PASSWORD, "-destkeypass", key_password),
    )
    return path.read_bytes()


def is_ca(pem: str) -> bool:
    return x509.load_pem_x509_certificates(pem.encode()) == [ISSUER]


def is_alice(key: str, chain: str) -> bool:
    opened = load_pem_private_key(key.encode(), None).public_key()
    same_key = opened.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == CERTIFICATE.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return same_key and x509.load_pem_x509_certificates(chain.encode()) == [CERTIFICATE, ISSUER]


# ---- as keytool writes them


@needs_keytool
@pytest.mark.parametrize("kind", ["JKS", "PKCS12"])
def test_truststore_of_keytool_gives_its_certificates(tmp_path: Path, kind: str) -> None:
    assert is_ca(trusted_pem(truststore(tmp_path, kind), PASSWORD, "trust"))


@needs_keytool
def test_jks_truststore_opens_without_a_password_as_in_java(tmp_path: Path) -> None:
    assert is_ca(trusted_pem(truststore(tmp_path, "JKS"), None, "trust"))


@needs_keytool
@pytest.mark.parametrize("kind", ["JKS", "PKCS12"])
def test_keystore_of_keytool_gives_its_key_and_chain(tmp_path: Path, kind: str) -> None:
    assert is_alice(*key_and_chain_pem(keystore(tmp_path, kind), PASSWORD, None, "key"))


@needs_keytool
def test_jks_key_may_have_its_own_password(tmp_path: Path) -> None:
    store = keystore(tmp_path, "JKS", "key-4711")
    assert is_alice(*key_and_chain_pem(store, PASSWORD, "key-4711", "key"))
    with pytest.raises(UsageError, match=r"^cannot open the private key in key: its password is wrong$"):
        key_and_chain_pem(store, PASSWORD, None, "key")


@needs_keytool
@pytest.mark.parametrize("kind", ["JKS", "PKCS12"])
def test_wrong_store_password_is_said_with_the_file(tmp_path: Path, kind: str) -> None:
    for wrong in ("other-4711", ""):
        with pytest.raises(UsageError, match=r"^cannot open /stores/x: the password is wrong") as failed:
            trusted_pem(truststore_once(tmp_path, kind), wrong, "/stores/x")
        assert "4711" not in str(failed.value)


def truststore_once(folder: Path, kind: str) -> bytes:
    path = folder / f"trust.{kind.lower()}"
    return path.read_bytes() if path.exists() else truststore(folder, kind)


# ---- PKCS12 as others write it


def test_pkcs12_gives_key_and_chain() -> None:
    assert is_alice(*key_and_chain_pem(p12(), PASSWORD, None, "key"))


@pytest.mark.parametrize("password", [None, ""])
def test_pkcs12_without_a_password(password: str | None) -> None:
    assert is_alice(*key_and_chain_pem(p12(None), password, None, "key"))


def test_store_of_another_kind_is_said() -> None:
    with pytest.raises(UsageError, match="neither a PKCS12 nor a JKS store"):
        trusted_pem(b"\xce\xce\xce\xce" + bytes(40), PASSWORD, "jceks")


# ---- JKS by its layout


def jks(*entries: bytes) -> bytes:
    """A store without a digest that fits: it is opened without a password."""
    return struct.pack(">III", 0xFEEDFEED, 2, len(entries)) + b"".join(entries) + bytes(20)


def entry(tag: int, body: bytes) -> bytes:
    return struct.pack(">IH5sQ", tag, 5, b"alias", 0) + body


def blob(content: bytes) -> bytes:
    return struct.pack(">H5sI", 5, b"X.509", len(content)) + content


def test_store_without_what_is_looked_for_is_said() -> None:
    trusting = jks(entry(2, blob(ISSUER.public_bytes(Encoding.DER))))
    assert is_ca(trusted_pem(trusting, None, "trust"))
    with pytest.raises(UsageError, match="the truststore trust holds no certificate"):
        trusted_pem(jks(), None, "trust")
    with pytest.raises(UsageError, match="the keystore key holds no private key"):
        key_and_chain_pem(trusting, None, None, "key")


def test_damaged_parts_are_said() -> None:
    with pytest.raises(UsageError, match="a certificate in trust is damaged"):
        trusted_pem(jks(entry(2, blob(b"nonsense"))), None, "trust")
    with pytest.raises(UsageError, match="cannot open trust: an entry of unknown kind 7"):
        trusted_pem(jks(entry(7, b"")), None, "trust")
    with pytest.raises(UsageError, match="the private key in key is damaged"):
        key_and_chain_pem(jks(entry(1, struct.pack(">I3sI", 3, b"\x30\x01\x00", 0))), None, None, "key")


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_refused_in_a_sentence(tail: bytes, starts_well: bool) -> None:
    store = struct.pack(">II", 0xFEEDFEED, 2) + tail if starts_well else tail
    for open_ in (lambda: trusted_pem(store, None, "x"), lambda: key_and_chain_pem(store, None, None, "x")):
        with pytest.raises(UsageError):
            open_()


@given(st.data())
def test_store_cut_or_changed_anywhere_is_refused_or_read(data: st.DataObject) -> None:
    whole = bytearray(jks(entry(2, blob(ISSUER.public_bytes(Encoding.DER)))))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    store = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        assert "BEGIN CERTIFICATE" in trusted_pem(store, None, "x")
    except UsageError:
        return
