"""The registry as a place: what it asks for, how it logs in, what it says when it cannot, and that it only reads."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.event import Schema
from inspector.schemas import RETRY_S, Schemas, SchemaUnavailableError, http_get
from inspector.schemas.access import Access
from inspector.schemas.circuit import Circuit
from inspector.schemas.registry import Registry
from tests.kafka.certificates import Authority
from tests.schemas.loopback import Loopback

ORDER = '{"type":"record","name":"Order","namespace":"shop","fields":[]}'
SECRET = "s3cret-pa55word"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def listed(**more: object) -> dict[str, object]:
    return {
        "/schemas/ids/1": {"schema": ORDER, **more},
        "/schemas/ids/1/versions": [{"subject": "other-value", "version": 9}, {"subject": "orders-value", "version": 2}],
    }


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(listed()) as running:
        yield running


def fetched(registry: Registry, wire: str = "id:1", log: str = "orders", part: str = "value") -> Schema | None:
    try:
        return registry.fetch(wire, log, part)
    finally:
        registry.close()


def failure(registry: Registry, wire: str = "id:1") -> str:
    with pytest.raises(SchemaUnavailableError) as raised:
        fetched(registry, wire)
    return str(raised.value)


# ---- what is asked


def test_a_schema_has_its_text_kind_and_the_subject_that_fits_the_log(server: Loopback) -> None:
    schema = fetched(Registry(server.url))
    assert schema is not None
    assert (schema.kind, schema.text, schema.subject, schema.version) == ("AVRO", ORDER, "orders-value", 2)
    assert (schema.wire, schema.registry) == ("id:1", server.url)


def test_of_subjects_that_the_log_does_not_name_one_named_after_the_record_is_taken(server: Loopback) -> None:
    server.things["/schemas/ids/1/versions"] = [{"subject": "zzz", "version": 1}, {"subject": "shop.Order", "version": 4}]
    schema = fetched(Registry(server.url), log="all-events")
    assert schema is not None
    assert (schema.subject, schema.version) == ("shop.Order", 4)


def test_the_key_of_a_log_has_its_own_subject(server: Loopback) -> None:
    server.things["/schemas/ids/1/versions"] = [{"subject": "orders-value", "version": 1}, {"subject": "orders-key", "version": 3}]
    schema = fetched(Registry(server.url), part="key")
    assert schema is not None
    assert (schema.subject, schema.version) == ("orders-key", 3)


def test_references_come_whole_each_before_those_that_name_it(server: Loopback) -> None:
    server.things.update(
        {
            "/schemas/ids/7": {
                "schema": "import",
                "schemaType": "PROTOBUF",
                "references": [{"name": "a.proto", "subject": "a/b", "version": 1}, {"name": "c.proto", "subject": "c", "version": 2}],
            },
            "/subjects/a/b/versions/1": {"schema": "A", "references": [{"name": "c.proto", "subject": "c", "version": 2}]},
            "/subjects/c/versions/2": {"schema": "C", "references": [{"name": "a.proto", "subject": "a/b", "version": 1}]},
        }
    )
    schema = fetched(Registry(server.url), "id:7")
    assert schema is not None
    assert [(one.name, one.text, one.version) for one in schema.references] == [("c.proto", "C", 2), ("a.proto", "A", 1)]


def test_a_reference_that_is_not_there_is_named(server: Loopback) -> None:
    references = [{"name": "m", "subject": "money", "version": 3}]
    server.things["/schemas/ids/7"] = {"schema": "x", "schemaType": "PROTOBUF", "references": references}
    assert failure(Registry(server.url), "id:7") == f"{server.url}: the schema refers to money version 3 (as m), which is not there"


def test_a_schema_named_by_guid_has_its_subject_too(server: Loopback) -> None:
    guid = "a1b2c3d4-0000-4000-8000-000000000001"
    server.things[f"/schemas/guids/{guid}"] = {"schema": ORDER}
    server.things[f"/schemas/guids/{guid}/ids"] = [{"context": ".", "id": 1}]
    schema = fetched(Registry(server.url), f"guid:{guid}")
    assert schema is not None
    assert (schema.wire, schema.subject, schema.version) == (f"guid:{guid}", "orders-value", 2)


def test_what_the_registry_does_not_have_is_none(server: Loopback) -> None:
    assert fetched(Registry(server.url), "id:99") is None
    assert fetched(Registry(server.url), "glue:0d1e5a52-0000-4000-8000-000000000000") is None
    assert fetched(Registry(server.url), "global:4") is None, "a registry that is not Apicurio's has no global ids"


def test_a_registry_that_tells_no_versions_is_good_enough(server: Loopback) -> None:
    del server.things["/schemas/ids/1/versions"]
    schema = fetched(Registry(server.url))
    assert schema is not None
    assert (schema.text, schema.subject, schema.version) == (ORDER, "", None)


def test_only_get_is_ever_sent(server: Loopback) -> None:
    with_all = Registry(server.url)
    for wire in ("id:1", "id:2", "guid:a1b2c3d4-0000-4000-8000-000000000001", "global:1", "content:1"):
        with_all.fetch(wire, "orders", "value")
    with_all.close()
    assert {method for method, _, _ in server.asked} == {"GET"}
    assert len(server.asked) > 4
    assert not hasattr(http_get.Connection, "post")


@pytest.mark.parametrize("name", [".", ".."])
def test_a_reference_by_dots_leads_nowhere(server: Loopback, name: str) -> None:
    server.things["/schemas/ids/1"] = {"schema": ORDER, "references": [{"name": "n", "subject": name, "version": 1}]}
    assert f"nothing is asked for by the name {name}" in failure(Registry(server.url))
    assert not any("/versions/1" in path for path in server.paths)


# ---- Apicurio 3, as its documentation gives it


def test_apicurio_3_tells_kind_and_version_of_a_content_id() -> None:
    own = "/apis/registry/v3"
    things: dict[str, object] = {
        "/schemas/types": 404,
        f"{own}/system/info": {"name": "apicurio-registry", "version": "3.0.6"},
        f"{own}/ids/contentIds/5": b"import",
        f"{own}/ids/contentIds/5/references": [{"groupId": "money", "artifactId": "m", "version": "1", "name": "m.proto"}],
        f"{own}/search/versions": {
            "count": 1,
            "versions": [{"artifactId": "orders-value", "artifactType": "PROTOBUF", "version": "2", "contentId": 5, "globalId": 8}],
        },
        f"{own}/groups/money/artifacts/m/versions/1/content": b"message M {}",
        f"{own}/groups/money/artifacts/m/versions/1/references": [],
    }
    with Loopback(things) as server:
        for address, wire in ((server.url, "content:5"), (f"{server.url}{own}", "id:5")):
            schema = fetched(Registry(address), wire)
            assert schema is not None
            assert (schema.kind, schema.text, schema.subject, schema.version) == ("PROTOBUF", "import", "orders-value", 2)
            assert [(one.name, one.text) for one in schema.references] == [("m.proto", "message M {}")]


# ---- Apicurio 2, which finds artifacts by their latest version only


@pytest.mark.parametrize(
    ("place", "subject"),
    [
        ("default/artifacts/orders-value", "orders-value"),
        ("default/artifacts/orders", "orders"),
        ("shop/artifacts/Order", "Order"),
        ("default/artifacts/shop.Order", "shop.Order"),
        ("default/artifacts/orders-Order", "orders-Order"),
    ],
)
def test_apicurio_2_tells_the_version_of_a_schema_that_is_not_the_latest(place: str, subject: str) -> None:
    own = "/apis/registry/v2"
    versions = [{"version": str(number), "type": "AVRO", "globalId": 40 + number, "contentId": number} for number in (1, 2, 3)]
    things: dict[str, object] = {
        "/schemas/types": 404,
        f"{own}/system/info": {"name": "apicurio-registry", "version": "2.6.13"},
        f"{own}/ids/globalIds/42": ORDER.encode(),
        f"{own}/ids/globalIds/42/references": [],
        f"{own}/search/artifacts": {"count": 0, "artifacts": []},
        f"{own}/groups/{place}/versions": {"count": 3, "versions": versions},
    }
    with Loopback(things) as server:
        schema = fetched(Registry(server.url), "global:42")
    assert schema is not None
    assert (schema.kind, schema.subject, schema.version) == ("AVRO", subject, 2)


# ---- logins


def test_basic_and_bearer_logins_are_sent_and_a_wrong_one_is_said_without_it(server: Loopback) -> None:
    server.authorization = "Basic " + base64.b64encode(f"reader:{SECRET}".encode()).decode()
    assert fetched(Registry(server.url, Access("reader", SECRET))) is not None
    words = failure(Registry(server.url, Access("reader", f"{SECRET}-wrong")))
    assert words == f"{server.url} wants another login (status 401): give basic.auth.user.info or bearer.auth.token with --config"
    server.authorization = f"Bearer {SECRET}"
    assert fetched(Registry(server.url, Access(token=SECRET))) is not None
    assert SECRET not in failure(Registry(server.url, Access(token=f"{SECRET}-wrong")))


def test_no_secret_is_shown_by_any_object() -> None:
    access = Access("reader", SECRET, SECRET, key_password=SECRET)
    for shown in (access, Registry("http://127.0.0.1:1", access)):
        assert SECRET not in repr(shown) + str(shown)


def test_an_address_with_a_login_is_refused_without_repeating_it() -> None:
    with pytest.raises(UsageError, match="--config") as raised:
        Registry(f"https://reader:{SECRET}@registry")
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_redirect_to_another_host_is_not_followed_and_gets_no_login(server: Loopback) -> None:
    server.authorization = "Basic " + base64.b64encode(b"a:b").decode()
    with Loopback(listed()) as stranger:
        server.redirects["/schemas/ids/1"] = f"{stranger.url}/schemas/ids/1"
        assert "sends us on to http://127.0.0.1, which is not followed" in failure(Registry(server.url, Access("a", "b")))
        assert stranger.asked == []


def test_a_redirect_on_the_same_host_is_followed_and_a_circle_ends(server: Loopback) -> None:
    server.redirects["/schemas/ids/2"] = "/schemas/ids/1"
    assert fetched(Registry(server.url), "id:2") is not None
    server.redirects["/schemas/ids/3"] = "/schemas/ids/3"
    assert "in a circle" in failure(Registry(server.url), "id:3")


# ---- TLS


def test_tls_with_an_own_authority_and_a_client_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    served, client = authority.issue("127.0.0.1"), authority.issue("reader@example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.file("server.pem", served.chain + served.key))
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    chain, key = authority.file("client.pem", client.chain), authority.file("client.key", client.protected_key(SECRET))
    with Loopback(listed(), tls=context) as server:
        access = Access(ca=str(authority.ca_file), certificate=str(chain), key=str(key), key_password=SECRET)
        assert fetched(Registry(server.url, access)) is not None
        assert "certificate that is not trusted" in failure(Registry(server.url))
        without = failure(Registry(server.url, Access(ca=str(authority.ca_file))))
        assert "TLS" in without or "ended the connection" in without
        for wrong in ("", "wrong"):
            with pytest.raises(UsageError, match="password is wrong") as raised:
                fetched(Registry(server.url, Access(certificate=str(chain), key=str(key), key_password=wrong)))
            assert SECRET not in str(raised.value)


def test_a_name_that_the_certificate_does_not_have_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    served = authority.issue("registry.example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.file("server.pem", served.chain + served.key))
    with Loopback(listed(), tls=context) as server:
        assert "not trusted" in failure(Registry(server.url, Access(ca=str(authority.ca_file))))


# ---- failures


def refused_url() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_a_registry_that_is_down_is_left_alone_for_a_while_whatever_is_wanted() -> None:
    clock, url = Clock(), refused_url()
    registry = Registry(url, clock=clock)
    assert failure(registry) == f"{url} refuses the connection: it is down, or the port is another"
    server = Loopback(listed())
    with server:
        assert registry.name != server.url
        registry.name = server.url
        assert "refuses the connection" in failure(registry, "id:2")
        assert server.asked == []
        clock.now += RETRY_S
        assert fetched(registry) is not None
        assert "/schemas/ids/1" in server.paths


def test_the_pause_after_a_slow_failure_is_ten_times_as_long() -> None:
    clock = Clock()
    circuit = Circuit(clock=clock)
    circuit.failed("slow", 3.0)
    clock.now += 29
    with pytest.raises(SchemaUnavailableError, match="slow"):
        circuit.check()
    clock.now += 1
    circuit.check()


def test_a_registry_that_does_not_answer_is_given_up(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_get, "READ_S", 0.2)
    server.stalls = threading.Event()
    assert "does not answer within" in failure(Registry(server.url))


@pytest.mark.parametrize("begins", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"])
def test_an_answer_that_comes_byte_by_byte_is_given_up(begins: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_get, "WHOLE_S", 0.5)
    asked, is_given_up = 0, threading.Event()

    def drip() -> None:
        nonlocal asked
        with listening, contextlib.suppress(OSError):
            while not is_given_up.is_set():
                connection, _ = listening.accept()
                asked += 1
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(begins)
                    while not is_given_up.wait(0.05):
                        connection.sendall(b"a")

    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = threading.Thread(target=drip)
    server.start()
    try:
        registry = Registry(url)
        assert failure(registry) == f"{url} takes more than 10 s for an answer"
        assert failure(registry, "id:2") == f"{url} takes more than 10 s for an answer"
    finally:
        is_given_up.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        server.join()
    assert asked == 1, "the second schema was not asked for"


def test_a_redirect_that_says_no_address_is_a_failure(server: Loopback) -> None:
    server.things.update({"/schemas/ids/2": 302, "/schemas/ids/3": 300})
    registry = Registry(server.url)
    for number in (2, 3):
        assert "fails (status 30" in Schemas([registry]).find(f"id:{number}", "orders", "value").error
    registry.close()


def test_each_failure_has_its_words_and_only_a_registry_that_is_down_is_left_alone(server: Loopback) -> None:
    server.things.update({"/schemas/ids/2": 403, "/schemas/ids/3": 500, "/schemas/ids/4": b"<html>", "/schemas/ids/5": ["x"]})
    server.things.update({"/schemas/ids/6": {"id": 6}, "/schemas/ids/7": 503})
    registry = Registry(server.url)
    said = {}
    for number in range(2, 8):
        with pytest.raises(SchemaUnavailableError) as raised:
            registry.fetch(f"id:{number}", "orders", "value")
        said[number] = str(raised.value).removeprefix(f"{server.url} ")
        if number < 7:
            assert registry.fetch("id:1", "orders", "value") is not None
    assert said == {
        2: "does not let this login read it (status 403)",
        3: "fails (status 500)",
        4: "answers, but not with JSON: is it the address of a schema registry?",
        5: "has at /schemas/ids/5 something else than a schema",
        6: "answers without the text of a schema",
        7: "fails (status 503)",
    }
    assert "503" in failure(registry)


def test_an_answer_that_is_too_large_is_not_read(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_get, "MOST_BYTES", 1024 * 1024)
    server.things["/schemas/ids/2"] = {"schema": "x" * 3_000_000}
    assert "more than 1 MB" in failure(Registry(server.url), "id:2")


def test_an_address_that_is_no_registry_is_said_to_be_none() -> None:
    with Loopback({"/schemas/types": b"<html>"}) as server:
        assert failure(Registry(server.url)) == f"{server.url} answers, but it is no schema registry: is a part of its path missing?"


@pytest.mark.parametrize("url", ["registry:8081", "ftp://registry", "http://", "http://registry?x=1", "http://registry:port"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Registry(url)


def test_rows_wait_while_it_is_down_and_are_decoded_once_it_is_back(server: Loopback) -> None:
    clock = Clock()
    registry = Registry(refused_url(), clock=clock)
    book = Schemas([registry], clock=clock)
    assert "refuses" in book.find("id:1", "orders", "value").error
    registry.name = server.url
    clock.now += RETRY_S
    assert book.find("id:1", "orders", "value").text == ORDER
    book.close()


def test_a_text_in_json_is_taken_as_it_is(server: Loopback) -> None:
    text = json.dumps({"type": "object", "title": "Ü"}, ensure_ascii=False)
    server.things["/schemas/ids/8"] = {"schema": text, "schemaType": "JSON"}
    schema = fetched(Registry(server.url), "id:8")
    assert schema is not None
    assert (schema.kind, schema.text) == ("JSON", text)
