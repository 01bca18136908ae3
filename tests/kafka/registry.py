"""A real schema registry for tests: Apicurio from Maven, one process on a free loopback port, with its storage in a folder.

It speaks Confluent's API and its own. What is registered survives `kill` and `start`, with the same numbers. Read `launcher`
for the brokers, `java_serdes` for records written by Java.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient

from tests.kafka.child import Child
from tests.kafka.launcher import ROOT, fetched_once, free_ports, maven

VERSION = "2.6.13"
FOLDER = Path(os.environ.get("EVENTSCOPE_APICURIO", ROOT / ".cache" / f"apicurio-{VERSION}"))
_START_S = 60.0


def assemble() -> Path:
    """The folder with the registry's program, fetched once (142 MB)."""
    return fetched_once(FOLDER, _fetch)


def _fetch(folder: Path) -> None:
    artifact = f"io.apicurio:apicurio-registry-app:{VERSION}.Final:tar.gz:all"
    maven("org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}")
    (packed,) = folder.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    packed.unlink()


class RegistryServer:
    """One registry, always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (self._port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{self._port}"
        self.url = f"{self.address}/apis/ccompat/v7"
        """Confluent's API."""
        self.own_url = f"{self.address}/apis/registry/v2"
        """Apicurio's own."""
        self._child: Child | None = None
        self._client: SchemaRegistryClient | None = None

    def start(self) -> RegistryServer:
        """Starts it (again) and waits until it answers."""
        (program,) = assemble().glob("*-runner.jar")
        self.folder.mkdir(parents=True, exist_ok=True)
        options = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dquarkus.http.host=127.0.0.1"]
        options += [f"-Dquarkus.http.port={self._port}", f"-Dquarkus.datasource.jdbc.url=jdbc:h2:file:{self.folder / 'data'};WRITE_DELAY=0"]
        self._child = Child(["java", *options, "-jar", str(program)], self.folder / "registry.log")
        self._wait_until_up()
        return self

    def _wait_until_up(self) -> None:
        assert self._child is not None
        deadline, pause = time.monotonic() + _START_S, threading.Event()
        with httpx.Client(trust_env=False, timeout=2.0) as client:
            while time.monotonic() < deadline and self._child.is_running():
                try:
                    if client.get(f"{self.url}/subjects").status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                pause.wait(0.1)
        raise RuntimeError(f"the registry did not start: {(self.folder / 'registry.log').read_text()[-3000:]}")

    def is_running(self) -> bool:
        """Whether it is there."""
        return self._child is not None and self._child.is_running()

    def kill(self) -> None:
        """Ends it at once, as a crash would; `start` brings it back with what was registered."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._child is not None:
            self._child.kill()
            self._child = None

    def stop(self) -> None:
        """Ends it and removes its storage."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- registering

    def client(self) -> SchemaRegistryClient:
        """Confluent's client of it, as their serializers take it; closed when the registry ends."""
        if self._client is None:
            self._client = SchemaRegistryClient({"url": self.url})
        return self._client

    def register(self, subject: str, text: str, kind: str = "AVRO", references: list[tuple[str, str, int]] | None = None) -> int:
        """Registers the next version of a subject; its number. References are (name, subject, version)."""
        named: list[Any] = [SchemaReference(*one) for one in references or []]
        return int(self.client().register_schema(subject, Schema(text, kind, named)))
