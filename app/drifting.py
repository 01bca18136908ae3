"""Comparing a read model with the events: `eventscope drift` as a process of its own, and what it found last. No widget.

One comparison at a time; what it found stays with the session, whatever panes come and go, until something else is hidden than it
was made with. Read `panes.drift` for the view, `access` and `vault` for secrets, `inspector.cli.drift` for the command.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.access import Access
from app.aside import Aside
from app.connections import MODEL, Connection, Connections
from app.dialogs.job import Job
from app.dialogs.target import shown_command
from app.model_address import is_server, user_of
from app.session import Session
from app.vault import Vault
from inspector.errors import UsageError
from inspector.ingest import FINISHING
from inspector.properties import parse_properties, properties_text

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DriftWish:
    """What is compared: the projection (a file, or a name), the model's address without secrets, and the moment as `--at` takes it."""

    spec: str = ""
    model: str = ""
    at: str = ""


@dataclass(slots=True)
class Found:
    """What a comparison found. Each of the `differences` is as `inspector.drift.difference` gives it, `scope` as the command prints it."""

    wish: DriftWish
    columns: list[str] = field(default_factory=list)
    differences: list[Mapping[str, Any]] = field(default_factory=list)
    scope: Mapping[str, Any] = field(default_factory=dict)


class Drifting(QObject):
    """`found` is the outcome of the last comparison that came to its end; None before, and when it was forgotten."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session, self._job, self._access = session, Job(self), Access(session)
        self._aside: Aside | None = None
        self._hidden: tuple[bool, str] | None = None
        self._keeps: dict[str, str] = {}
        self._asking = 0
        self.wish, self.secrets = DriftWish(), dict[str, str]()
        """What was asked for last. What is secret is held while the session is open, and written nowhere."""
        self.found: Found | None = None
        self._finding = Found(DriftWish())
        self.error = self.note = self.doing = ""
        """`error`: why there is nothing; `note`: what else is to be known; `doing`: what the comparison does now."""
        self.done = self.of = 0
        self.is_busy = self.was_stopped = self.was_forgotten = False
        session.state_changed.connect(self._state_changed)
        session.ending.connect(self._leave)

    @classmethod
    def of_session(cls, session: Session) -> Drifting:
        """The one of a session."""
        return session.findChild(cls) or cls(session)

    # ---- asking

    def compare(self, wish: DriftWish, secrets: Mapping[str, str] | None = None, *, keep: bool = False) -> None:
        """Compares, in place of what runs. Where no secrets are given they are looked up; those that worked are kept if that is wished."""
        self._let_go()
        self._asking += 1
        given = dict(secrets or {}) if is_server(wish.model) else {}
        self.wish, self.secrets, self._finding = wish, given, Found(wish)
        self._hidden = self._session.is_unmasked, self._session.hides
        self._keeps = given if keep else {}
        self.error = self.note = ""
        self.doing, self.done, self.of = "the comparison begins", 0, 0
        self.is_busy, self.was_stopped, self.was_forgotten = True, False, False
        self.changed.emit()
        if given or not is_server(wish.model):
            self._run(given)
        else:
            self._look_up(wish.model, self._asking)

    def _look_up(self, address: str, number: int) -> None:
        """The password that is kept for this model, else the one of the captured store in the same place and of the same user."""

        def run(properties: Mapping[str, str]) -> None:
            if number == self._asking and self.is_busy:
                self._run(properties)

        def of_store(text: str) -> None:
            try:
                found = parse_properties(text)
            except UsageError:
                found = {}
            user = user_of(address)
            run(found if not user or found.get("user", user) == user else {})

        kept = _kept(address)
        if kept is None or not kept.secrets:
            self._access.config(address, of_store)
            return
        self._aside = self._aside or Aside("drift")
        Vault(self._aside).fetch(kept.id, kept.secrets, run)

    def _run(self, properties: Mapping[str, str]) -> None:
        words = ["--progress", "json", "--stop-with-stdin", *self._session.mask_options]
        config = properties_text(properties)
        self._job.run([*self._words(), *words, *(["--config", "-"] if config else [])], self._told, self._ended, config=config)

    def _words(self) -> list[str]:
        wish = self.wish
        at = [f"--at={wish.at}"] if wish.at else []
        return ["drift", str(self._session.path), wish.spec, f"--model={wish.model}", *at]

    @property
    def command(self) -> str:
        """The same for a shell; secrets stay out of it."""
        config = ["--config", "-"] if is_server(self.wish.model) else []
        return shown_command([*self._words(), *config, *self._session.mask_options])

    def stop(self) -> None:
        """Ends the comparison; what was found before stays."""
        if self.is_busy:
            self._let_go()
            self.was_stopped = True
            self.changed.emit()

    def check_masks(self) -> None:
        """Forgets what was found while something else was hidden than is now."""
        if self._hidden is not None and self._hidden != (self._session.is_unmasked, self._session.hides):
            self._let_go()
            self.found, self._hidden, self.was_forgotten = None, None, True

    def _let_go(self) -> None:
        self._job.stop()
        self.is_busy, self.doing = False, ""

    def _leave(self, _nothing: object) -> None:
        self._let_go()
        if self._aside is not None:
            self._aside.close()

    def _state_changed(self, text: object) -> None:
        """A capture that ends makes one file of itself: nobody else may hold it open then."""
        if text in {FINISHING, "stopping"} and self.is_busy:
            self.stop()
            self.note = "stopped, since the capture is being finished: compare again when it has ended"
            self.changed.emit()

    # ---- hearing

    def _told(self, line: Mapping[str, Any]) -> None:
        kind = line.get("type")
        if kind == "difference":
            self._finding.differences.append(line)
        elif kind == "columns":
            self._finding.columns = [str(name) for name in line["columns"]]
        elif isinstance(line.get("scope"), dict):
            self._finding.scope = line["scope"]
        elif kind == "progress":
            self.doing, self.done, self.of = str(line.get("what", "")), int(line.get("done", 0)), int(line.get("of", 0))
            self.changed.emit()

    def _ended(self, error: str) -> None:
        self.is_busy, self.doing, self.error = False, "", error
        if not error and self._finding.scope:
            self.found = self._finding
            self._keep()
        self.changed.emit()

    def _keep(self) -> None:
        secrets, self._keeps = self._keeps, {}
        if not secrets:
            return
        before = _kept(self.wish.model)
        made = Connection(self.wish.model, MODEL, self.wish.model, secrets=tuple(secrets))
        made = replace(made, id=before.id) if before is not None else made
        try:
            Connections().keep(made)
        except OSError as error:
            self.note = f"the password cannot be kept: {error.strerror}"
            return
        self._aside = self._aside or Aside("drift")
        Vault(self._aside).keep(made.id, secrets, self._said_of_keyring)

    def _said_of_keyring(self, sentence: str) -> None:
        if sentence:
            self.note = sentence
            self.changed.emit()


def _kept(address: str) -> Connection | None:
    try:
        return Connections().same_place(MODEL, address)
    except OSError as error:
        log.warning("the kept connections cannot be read: %s", error)
        return None
