"""Where a dialog connects to, with its secrets: what the commands get as arguments, and what only by standard input. No Qt."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.connections import Connection
from app.recognise import REGISTRY
from inspector.properties import is_secret, properties_text


@dataclass(frozen=True, slots=True)
class Target:
    """A connection and all of its properties, secrets among them; never shown, stored or logged as a whole."""

    connection: Connection
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    topic: str = ""
    """A topic that was named when connecting."""

    @property
    def config(self) -> str:
        """What goes to a command's standard input; empty for nothing."""
        return properties_text(self.properties)

    @property
    def registry(self) -> list[str]:
        """The option that names the schema registry; empty for none. Its login is among the properties."""
        address = self.properties.get(REGISTRY, "")
        return [f"--registry={address}"] if address else []

    @property
    def secrets(self) -> dict[str, str]:
        """The properties that only the keyring may keep."""
        return {name: value for name, value in self.properties.items() if is_secret(name) and value}

    def arguments(self, command: str, *options: str) -> list[str]:
        """The command with its address, its options and where its properties come from."""
        return [command, self.connection.url, *options, *(["--config", "-"] if self.properties else [])]


def shown_command(arguments: Sequence[str]) -> str:
    """The command as it is copied; the properties then come from a file of the reader's."""
    words = [
        "client.properties" if word == "-" and before == "--config" else word
        for before, word in zip(["", *arguments], arguments, strict=False)
    ]
    return f"eventscope {shlex.join(words)}"
