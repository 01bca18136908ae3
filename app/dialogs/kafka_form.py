"""The fields of a Kafka connection: servers, security, user, files, and further properties whose secrets are masked.

Fields and properties are two faces of one thing: `fill` and `properties`. Read `recognise` for which goes where.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from app import recognise, style
from app.dialogs.fields import FileField, Form, choice, secret_field, set_choice
from app.recognise import MECHANISM, PASSWORD, PROTOCOL, REGISTRY, REGISTRY_LOGIN, USER
from inspector.errors import UsageError
from inspector.properties import REDACTED, is_secret, parse_properties, properties_text

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER")


class KafkaForm(Form):
    """Asks for a cluster. `changed` says that something did."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.servers, self.user = QLineEdit(), QLineEdit()
        self.servers.setPlaceholderText("broker1:9093,broker2:9093")
        self.protocol, self.mechanism = choice(PROTOCOLS), choice(MECHANISMS)
        self.password, self.trust_password, self.key_password = secret_field(), secret_field(), secret_field()
        self.trust = FileField("CA file or truststore")
        self.certificate, self.key = FileField("Client certificate or keystore"), FileField("Private key")
        self.registry, self.registry_user, self.registry_password = QLineEdit(), QLineEdit(), secret_field()
        self.registry.setPlaceholderText("http://registry:8081, if values name schemas")
        self.further = QPlainTextEdit()
        self.further.setFont(style.fixed_font())
        self.further.setPlaceholderText("name=value; what is secret is masked when you leave the field")
        self.further.setFixedHeight(62)
        self.further.setTabChangesFocus(True)
        self.further.installEventFilter(self)
        self._hidden: dict[str, str] = {}
        """Secrets among the further properties, which show as dots."""
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        for name, field in (
            ("Bootstrap servers", self.servers),
            ("Security protocol", self.protocol),
            ("Mechanism", self.mechanism),
            ("User", self.user),
            ("Password", self.password),
            ("CA file or truststore", self.trust),
            ("Truststore password", self.trust_password),
            ("Client certificate or keystore", self.certificate),
            ("Private key", self.key),
            ("Key or keystore password", self.key_password),
            ("Schema registry", self.registry),
            ("Registry user", self.registry_user),
            ("Registry password", self.registry_password),
            ("Further properties", self.further),
        ):
            self.add(name, field)
        self._show_rows()

    def _connect(self) -> None:
        secrets = self.password, self.trust_password, self.key_password, self.registry_password
        for line in (self.servers, self.user, self.registry_user, *secrets):
            line.textChanged.connect(self.changed)
        self.registry.textChanged.connect(self._chosen)
        for box in (self.protocol, self.mechanism):
            box.currentIndexChanged.connect(self._chosen)
        for file in (self.trust, self.certificate, self.key):
            file.changed.connect(self._chosen)
        self.further.textChanged.connect(self.changed)

    def _chosen(self) -> None:
        self._show_rows()
        self.changed.emit()

    def _show_rows(self) -> None:
        """Only what the chosen security asks for."""
        sasl, tls = "SASL" in self.protocol.currentText(), "SSL" in self.protocol.currentText()
        named = sasl and self.mechanism.currentText() != "OAUTHBEARER"
        certificate = tls and bool(self.certificate.text())
        store, registry = recognise.is_store(self.certificate.text()), bool(self.registry.text().strip())
        for field, on in (
            (self.mechanism, sasl),
            (self.user, named),
            (self.password, named),
            (self.trust, tls),
            (self.trust_password, tls and recognise.is_store(self.trust.text())),
            (self.certificate, tls),
            (self.key, certificate and not store),
            (self.key_password, certificate),
            (self.registry_user, registry),
            (self.registry_password, registry),
        ):
            self.show_row(field, on=on)

    # ---- properties

    def properties(self) -> dict[str, str]:
        """What the fields mean, secrets among it. Raises UsageError naming the line that is not name=value."""
        protocol = self.protocol.currentText()
        further = self._further()
        found = dict(further)
        if protocol != "PLAINTEXT":
            found[PROTOCOL] = protocol
        if "SASL" in protocol:
            found[MECHANISM] = self.mechanism.currentText()
            if self.mechanism.currentText() != "OAUTHBEARER":
                texts = {USER: self.user.text().strip(), PASSWORD: self.password.text()}
                found.update({name: text for name, text in texts.items() if text})
        if "SSL" in protocol:
            found.update(recognise.trust_properties(self.trust.text(), self.trust_password.text()))
            found.update(recognise.certificate_properties(self.certificate.text(), self.key.text(), self.key_password.text()))
        return {**found, **self._registry_properties()}

    def _registry_properties(self) -> dict[str, str]:
        address = self.registry.text().strip().rstrip("/")
        login = recognise.login_text(self.registry_user.text().strip(), self.registry_password.text())
        return {REGISTRY: address, **({REGISTRY_LOGIN: login} if login else {})} if address else {}

    def fill(self, servers: str, properties: Mapping[str, str]) -> None:
        """Shows a connection; what has no field of its own is put under the further properties."""
        own = {name: value for name, value in properties.items() if recognise.takes(properties, name)}
        own = {name: value for name, value in own.items() if self._has_place(name, value)}
        set_choice(self.protocol, own.get(PROTOCOL, "").upper())
        set_choice(self.mechanism, own.get(MECHANISM, "").upper())
        self.servers.setText(servers)
        for names, field in self._fields():
            text = next((own[name] for name in names if name in own), "")
            (field.line if isinstance(field, FileField) else field).setText(text)
        for line, text in zip((self.registry_user, self.registry_password), recognise.login_of(own.get(REGISTRY_LOGIN, "")), strict=True):
            line.setText(text)
        self._show_further({name: value for name, value in properties.items() if name not in own})
        self._show_rows()
        self.changed.emit()

    def fill_secrets(self, secrets: Mapping[str, str]) -> None:
        """Puts secrets that came later into their fields."""
        try:
            known = self.properties()
        except UsageError:
            known = {}
        self.fill(self.servers.text(), {**known, **secrets})

    def _has_place(self, name: str, value: str) -> bool:
        if name == PROTOCOL:
            return value.upper() in PROTOCOLS
        return value.upper() in MECHANISMS if name == MECHANISM else True

    def _fields(self) -> tuple[tuple[tuple[str, ...], QLineEdit | FileField], ...]:
        return (
            ((USER,), self.user),
            ((REGISTRY,), self.registry),
            ((PASSWORD,), self.password),
            ((recognise.CA, recognise.TRUSTSTORE), self.trust),
            ((recognise.TRUST_PASSWORD,), self.trust_password),
            ((recognise.CERTIFICATE, recognise.KEYSTORE), self.certificate),
            ((recognise.KEY,), self.key),
            ((recognise.KEY_PASSWORD, recognise.KEYSTORE_PASSWORD), self.key_password),
        )

    # ---- further properties

    def _further(self) -> dict[str, str]:
        typed = parse_properties(self.further.toPlainText())
        return {name: self._hidden.get(name, "") if value == REDACTED else value for name, value in typed.items()}

    def _show_further(self, properties: Mapping[str, str]) -> None:
        self._hidden = {name: value for name, value in properties.items() if is_secret(name)}
        self.further.setPlainText(
            properties_text({name: REDACTED if name in self._hidden else value for name, value in properties.items()})
        )

    def mask_secrets(self) -> None:
        """Hides the secrets among the further properties; a text that cannot be read stays as it is."""
        try:
            further = self._further()
        except UsageError:
            return
        if any(is_secret(name) and value != self._hidden.get(name) for name, value in further.items()):
            self._show_further(further)
            self.further.document().clearUndoRedoStacks()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Masks when the field is left."""
        if watched is self.further and event.type() is QEvent.Type.FocusOut:
            self.mask_secrets()
        return False

    # ---- what is missing

    def first_missing(self) -> QLineEdit | None:
        """The field without which no connection can be made, if one is empty."""
        if not self.servers.text().strip():
            return self.servers
        if "SASL" in self.protocol.currentText() and self.mechanism.currentText() != "OAUTHBEARER":
            has_jaas = "sasl.jaas.config" in self.further.toPlainText()
            return next((line for line in (self.user, self.password) if not line.text()), None) if not has_jaas else None
        return None
