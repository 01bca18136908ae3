"""Client properties: what is read, translated, forced and refused, and that no secret is shown."""

from __future__ import annotations

import re
import string
from pathlib import Path

import confluent_kafka
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.properties import parse_jaas
from inspector.sources import kafka_config
from inspector.sources.kafka_config import (
    FORCED,
    REDACTED,
    client_properties,
    configuration_error,
    is_secret,
    parse_properties,
    redact,
    redacted,
)

SASL = {"security.protocol": "SASL_SSL", "sasl.username": "alice", "sasl.password": "s3cret-4711"}
MODULES = "org.apache.kafka.common.security"


def refusal(config: dict[str, str]) -> str:
    with pytest.raises(UsageError) as refused:
        client_properties("h:9092", config)
    return str(refused.value)


# ---- text


def test_forms_of_a_line() -> None:
    text = "\ufeff# comment\n! another\n\n a = 1\nb:2\nc 3\nd=\ne\t=\tx = y\r\nf=g#h\n-X i=j\\nk\n  -Xl=m\n"
    assert parse_properties(text) == {
        "a": "1",
        "b": "2",
        "c": "3",
        "d": "",
        "e": "x = y",
        "f": "g#h",
        "i": "j\\nk",
        "l": "m",
    }


def test_java_escapes_and_continued_lines() -> None:
    text = 'jaas=Module required \\\n    username="a" \\\n    # password="b";\nk\\ e\\=y=\\u00e9\\t\\\\ \\ud83d\\ude00\\q\n'
    assert parse_properties(text) == {"jaas": 'Module required username="a" # password="b";', "k e=y": "é\t\\ 😀q"}


def test_comment_is_not_continued_and_a_last_line_may_end_in_a_backslash() -> None:
    assert parse_properties("# no \\\na=1\nb=2\\") == {"a": "1", "b": "2"}


def test_blanks_that_end_a_password_belong_to_it() -> None:
    given = parse_properties("sasl.password=pass \nsasl.mechanism=PLAIN \nsecurity.protocol=SASL_SSL\nsasl.username=alice")
    made = client_properties("h:1", given)
    assert (made["sasl.password"], made["sasl.mechanism"]) == ("pass ", "PLAIN")


def test_line_that_is_none_is_named_by_its_number_and_not_shown() -> None:
    with pytest.raises(UsageError, match=r"^line 2 of the configuration is not name=value$"):
        parse_properties("a=1\nhunter2\n")


def java_written(text: str, *, is_key: bool) -> str:
    """As Java's Properties.store writes a key or value."""
    escaped = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r").replace("\f", "\\f")
    escaped = re.sub(r"([=:#!])", r"\\\1", escaped)
    escaped = escaped.replace(" ", "\\ ") if is_key else re.sub(r"\A ", r"\\ ", escaped)
    return "".join(sign if " " <= sign <= "~" else "".join(f"\\u{u:04X}" for u in utf16(sign)) for sign in escaped)


def utf16(sign: str) -> list[int]:
    units = sign.encode("utf-16-be")
    return [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]


plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = plain.filter(lambda key: key and not key.startswith("-X"))


@given(st.dictionaries(keys, plain, max_size=5))
def test_what_java_stores_is_read_back(properties: dict[str, str]) -> None:
    lines = [f"{java_written(k, is_key=True)}={java_written(v, is_key=False)}" for k, v in properties.items()]
    assert parse_properties("#Mon Nov 23\n" + "\n".join(lines)) == properties


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_properties(text)
    except UsageError as error:
        refused = str(error)
        assert re.fullmatch(r"line \d+ of the configuration is not name=value", refused)


# ---- JAAS


def test_jaas_line_of_each_mechanism() -> None:
    scram = client_properties(
        "h:1",
        {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "scram-sha-512",
            "sasl.jaas.config": f'{MODULES}.scram.ScramLoginModule required username="al\\"ice" password=\'x;y=z\';',
        },
    )
    assert (scram["sasl.username"], scram["sasl.password"], scram["sasl.mechanism"]) == ('al"ice', "x;y=z", "SCRAM-SHA-512")
    plain = client_properties(
        "h:1", {"security.protocol": "SASL_SSL", "sasl.jaas.config": f"{MODULES}.plain.PlainLoginModule required username=a password=b;"}
    )
    assert (plain["sasl.username"], plain["sasl.password"], plain["sasl.mechanism"]) == ("a", "b", "PLAIN")
    assert not {"sasl.jaas.config"} & (scram.keys() | plain.keys())


@pytest.mark.parametrize("line", ["", "x", "Module wanted a=b;", 'Module required a="b', "Module required a=b; Other required c=d;", ";;"])
def test_what_is_no_jaas_line_is_refused_without_showing_it(line: str) -> None:
    with pytest.raises(UsageError, match=r"^sasl.jaas.config is not of the form"):
        parse_jaas(line)


def test_login_module_that_is_java_code_is_named() -> None:
    line = "software.amazon.msk.auth.iam.IAMLoginModule required;"
    assert refusal({"sasl.jaas.config": line}) == (
        "the login module IAMLoginModule of sasl.jaas.config is a Java class that cannot be used here"
    )


@given(st.dictionaries(st.text(string.ascii_letters, min_size=1), plain, max_size=4), st.sampled_from("\"'"))
def test_jaas_options_survive_quoting(options: dict[str, str], quote: str) -> None:
    quoted = [f"{name}={quote}" + re.sub(r"([\\\"'])", r"\\\1", value) + quote for name, value in options.items()]
    assert parse_jaas(f"a.b.Module required {' '.join(quoted)} ;") == ("Module", options)


# ---- OAuth


def test_oidc_in_librdkafkas_and_in_javas_words() -> None:
    ours = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanisms": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": "https://id.example/token",
        "sasl.oauthbearer.client.id": "inspector",
        "sasl.oauthbearer.client.secret": "s3cret-4711",
        "sasl.oauthbearer.scope": "read",
    }
    by_line = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.token.endpoint.url": "https://id.example/token",
        "sasl.login.callback.handler.class": f"{MODULES}.oauthbearer.OAuthBearerLoginCallbackHandler",
        "sasl.jaas.config": f"{MODULES}.oauthbearer.OAuthBearerLoginModule required "
        'clientId="inspector" clientSecret="s3cret-4711" scope="read";',
    }
    by_names = {
        **{name: value for name, value in by_line.items() if name != "sasl.jaas.config"},
        "sasl.oauthbearer.client.credentials.client.id": "inspector",
        "sasl.oauthbearer.client.credentials.client.secret": "s3cret-4711",
        "sasl.oauthbearer.scope": "read",
        "sasl.oauthbearer.jwt.retriever.class": f"{MODULES}.oauthbearer.ClientCredentialsJwtRetriever",
    }
    assert client_properties("h:1", ours) == client_properties("h:1", by_line) == client_properties("h:1", by_names)


def test_unsecured_tokens_of_a_jaas_line() -> None:
    made = client_properties(
        "h:1",
        {
            "security.protocol": "SASL_SSL",
            "sasl.jaas.config": f"{MODULES}.oauthbearer.OAuthBearerLoginModule required "
            'unsecuredLoginStringClaim_sub="alice" unsecuredLoginLifetimeSeconds="60" extension_tenant="t1";',
        },
    )
    assert made["sasl.mechanism"] == "OAUTHBEARER"
    assert made["enable.sasl.oauthbearer.unsecure.jwt"] == "true"
    assert made["sasl.oauthbearer.config"] == "principal=alice lifeSeconds=60"
    assert made["sasl.oauthbearer.extensions"] == "tenant=t1"
    assert "sasl.oauthbearer.method" not in made


def test_tokens_are_asked_for_over_http_only() -> None:
    config = {"sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url": "file:///etc/passwd"}
    assert "does not start with https://" in refusal(config)


# ---- GSSAPI, mechanisms


def test_gssapi_is_said_to_be_missing_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_config, "has_gssapi", lambda: False)
    asked = {"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"}
    assert refusal(asked).startswith("the mechanism GSSAPI (Kerberos) is missing in this build of the Kafka client")
    assert refusal({"security.protocol": "SASL_SSL"}).startswith("no sasl.mechanism is set, and the default GSSAPI (Kerberos) is missing")
    krb = {"security.protocol": "SASL_SSL", "sasl.jaas.config": 'com.sun.security.auth.module.Krb5LoginModule required keyTab="/k";'}
    assert "GSSAPI" in refusal(krb)


def test_gssapi_is_what_the_client_says_of_itself() -> None:
    try:
        confluent_kafka.Producer({"security.protocol": "sasl_plaintext", "sasl.mechanism": "GSSAPI", "log_level": 0})
    except confluent_kafka.KafkaException:
        assert not kafka_config.has_gssapi()
    else:
        assert kafka_config.has_gssapi()


def test_unknown_mechanism_and_missing_password_are_said() -> None:
    assert refusal({**SASL, "sasl.mechanism": "CRAM-MD5"}).startswith("the Kafka client here has no SASL mechanism CRAM-MD5; it has PLAIN")
    wanted = "the mechanism PLAIN needs sasl.username and sasl.password, or a sasl.jaas.config that holds them"
    assert refusal({"security.protocol": "sasl_ssl", "sasl.mechanism": "PLAIN", "sasl.username": "a"}) == wanted


# ---- what is forced and refused


@pytest.mark.parametrize(("name", "wrong"), [(name, "earliest" if name == "auto.offset.reset" else "") for name in FORCED])
def test_forced_setting_is_refused_with_its_reason(name: str, wrong: str) -> None:
    value, why = FORCED[name]
    wrong = wrong or {"true": "false", "false": "true"}[value]
    assert refusal({name: wrong}) == f"the property {name} is always {value} here, {why}; take it out"
    assert client_properties("h:1", {name: value.upper()})[name] == value


def test_alias_passes_no_check_by() -> None:
    assert "enable.auto.commit is always false" in refusal({"auto.commit.enable": "true"})
    assert client_properties("h:1", {"metadata.broker.list": "evil:1"})["bootstrap.servers"] == "h:1"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("plugin.library.paths", "/tmp/evil.so", "it loads code"),
        ("ssl.engine.location", "/tmp/evil.so", "it loads code"),
        ("ssl.engine.id", "evil", "it loads code"),
        ("ssl.providers", "default,/tmp/evil", "it loads code"),
        ("sasl.kerberos.kinit.cmd", "touch /tmp/evil", "it runs a command"),
        ("sasl.kerberos.principal", "a; touch /tmp/evil", "signs that it cannot have"),
        ("sasl.kerberos.keytab", '/k" ; touch /tmp/evil "', "signs that it cannot have"),
        ("sasl.kerberos.keytab", "$(touch /tmp/evil)", "signs that it cannot have"),
        ("offset.store.path", "/tmp/evil", "it writes files"),
        ("offset.store.method", "file", "it writes files"),
        ("transactional.id", "t", "nothing is written here"),
        ("internal.termination.signal", "9", "it sends signals"),
        ("test.mock.num.brokers", "3", "it replaces the cluster"),
        ("debug", "all", "may hold secrets"),
        ("error_cb", "f", "only a program can set it"),
        ("logger", "f", "only a program can set it"),
        ("oauth_cb", "f", "only a program can set it"),
        ("on_commit", "f", "only a program can set it"),
        ("default.topic.config", "f", "only a program can set it"),
        ("ssl_key", "f", "only a program can set it"),
        ("ssl_engine_callback_data", "f", "only a program can set it"),
        ("opaque", "f", "only a program can set it"),
        ("config.providers.file.class", "F", "placeholders are not filled in"),
        ("client.rack", "a\0b", "NUL character"),
    ],
)
def test_property_that_could_do_harm_is_refused(name: str, value: str, why: str) -> None:
    assert why in refusal({name: value})


def test_kerberos_names_of_a_jaas_line_are_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_config, "has_gssapi", lambda: True)
    line = 'com.sun.security.auth.module.Krb5LoginModule required principal="a; touch /tmp/evil";'
    assert "signs that it cannot have" in refusal({"security.protocol": "SASL_SSL", "sasl.jaas.config": line})


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"fetch.min.byte": "s3cret"},
            "the property fetch.min.byte is known neither to librdkafka nor to Java clients; check its spelling",
        ),
        ({"fetch.min.bytes": "s3cret"}, "the property fetch.min.bytes has a value that it cannot have"),
        ({"security.protocol": "s3cret"}, "the property security.protocol has a value that it cannot have"),
        ({"socket.timeout.ms": "999999999"}, "the property socket.timeout.ms is outside its range 10..300000"),
        ({"batch.num.messages": ""}, "batch.num.messages"),
    ],
)
def test_what_the_client_does_not_take_is_one_sentence_without_the_value(config: dict[str, str], sentence: str) -> None:
    said = refusal(config)
    assert sentence in said
    assert "s3cret" not in said
    assert "\n" not in said


def test_pem_that_cannot_be_read_is_said_by_the_property() -> None:
    for name in ("ssl.ca.pem", "ssl.key.pem", "ssl.certificate.pem", "ssl.ca.location"):
        with pytest.raises(confluent_kafka.KafkaException) as failed:
            confluent_kafka.Producer({"security.protocol": "ssl", name: "/s3cret-4711", "log_level": 0})
        said = str(configuration_error(failed.value.args[0]))
        assert said == f"the property {name} cannot be used: what it holds or names is not readable as PEM, or its password is wrong"


def test_properties_of_java_programs_that_mean_nothing_here_are_left_out() -> None:
    text = """
        key.deserializer=org.apache.kafka.common.serialization.StringDeserializer
        interceptor.classes=com.example.Interceptor
        max.poll.records=10
        sasl.login.refresh.window.factor=0.8
        ssl.enabled.protocols=TLSv1.3
        metric.reporters=
        session.timeout.ms=10000
    """
    assert client_properties("h:1", parse_properties(text)) == client_properties("h:1", {})


def test_group_is_the_users_or_a_default() -> None:
    assert client_properties("h:1", {})["group.id"] == "eventscope"
    assert client_properties("h:1", {"group.id": "audit"})["group.id"] == "audit"


@given(st.dictionaries(plain, plain, max_size=3))
def test_any_properties_are_taken_or_refused(config: dict[str, str]) -> None:
    try:
        made = client_properties("h:1", config)
    except UsageError as error:
        said = str(error)
        assert said
    else:
        assert all(made[name] == value for name, (value, _) in FORCED.items())


# ---- stores


def test_pem_stores_of_java_clients(tmp_path: Path) -> None:
    ca = trustme.CA()
    leaf = ca.issue_cert("alice@shop.example")
    (tmp_path / "ca.pem").write_bytes(ca.cert_pem.bytes())
    both = leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes()
    (tmp_path / "key.pem").write_bytes(both)
    located = {
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(tmp_path / "ca.pem"),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": f"file:{tmp_path / 'key.pem'}",
        "ssl.key.password": "k3y-4711",
    }
    made = client_properties("h:1", located)
    assert made["ssl.ca.pem"] == ca.cert_pem.bytes().decode()
    assert made["ssl.key.pem"] == made["ssl.certificate.pem"] == both.decode()
    assert not [name for name in made if "store." in name and name != "enable.auto.offset.store"]
    inline = {
        "ssl.truststore.certificates": made["ssl.ca.pem"],
        "ssl.keystore.key": made["ssl.key.pem"],
        "ssl.keystore.certificate.chain": made["ssl.certificate.pem"],
    }
    assert client_properties("h:1", {"security.protocol": "SSL", "ssl.key.password": "k3y-4711", **inline}) == made


def test_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert (
        refusal({"ssl.truststore.location": str(tmp_path / "none.jks")})
        == f"cannot read {tmp_path / 'none.jks'}: No such file or directory"
    )


@pytest.mark.parametrize(("asked", "made"), [("", "none"), ("none", "none"), ("HTTPS", "https"), ("https", "https")])
def test_host_name_check_is_off_only_where_it_is_asked(asked: str, made: str) -> None:
    name = "ssl.endpoint.identification.algorithm"
    assert client_properties("h:1", {name: asked})[name] == made
    assert name not in client_properties("h:1", {})


# ---- redaction

SECRET_NAMES = [
    "sasl.password",
    "sasl.jaas.config",
    "ssl.key.password",
    "ssl.keystore.password",
    "ssl.truststore.password",
    "ssl.key.pem",
    "ssl.keystore.key",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.assertion.private.key.pem",
    "basic.auth.user.info",
    "ssl_key",
]
PUBLIC_NAMES = [
    "bootstrap.servers",
    "sasl.username",
    "sasl.mechanism",
    "ssl.ca.location",
    "ssl.key.location",
    "ssl.keystore.location",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.id",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.oauthbearer.assertion.private.key.file",
    "group.id",
]


def test_which_properties_are_secret() -> None:
    assert [name for name in SECRET_NAMES if not is_secret(name)] == []
    assert [name for name in PUBLIC_NAMES if is_secret(name)] == []


secrets = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=REDACTED), min_size=8, max_size=30).filter(
    lambda text: len(text.strip()) > 1
)


@given(st.dictionaries(st.sampled_from(SECRET_NAMES), secrets, min_size=1), plain, plain)
def test_no_secret_of_the_properties_survives(properties: dict[str, str], before: str, after: str) -> None:
    text = before + after.join(f"{name}: {value}" for name, value in properties.items()) + after
    shown = redact(text, properties)
    shown_properties = redacted({**properties, "client.rack": text})
    for secret in properties.values():
        assert secret not in shown
        assert secret not in str(list(shown_properties.values()))


words = st.text(string.ascii_letters + string.digits + "!$%&/()+-_.:@", min_size=8, max_size=30)


@given(
    words, st.sampled_from(["sasl.password={}", 'password="{}";', "clientSecret = '{}'", '{{"access_token": "{}"}}', "Client-Secret: {}"])
)
def test_what_looks_like_a_secret_is_not_shown_either(secret: str, form: str) -> None:
    shown = redact(f"before {form.format(secret)} after")
    assert secret not in shown
    assert shown.startswith("before ")


def test_secrets_by_their_looks() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."
    text = f"{key} https://alice:hunter22@h/ Authorization: Bearer abcdef0123456789 {token}"
    assert redact(text) == f"{REDACTED} https://alice:{REDACTED}@h/ Authorization: Bearer {REDACTED} {REDACTED}"


def test_plain_words_stay() -> None:
    said = (
        "SASL authentication error: the password is wrong (sasl.mechanism=PLAIN), see sasl.oauthbearer.token.endpoint.url=https://h/token"
    )
    assert redact(said) == said
