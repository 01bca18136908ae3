"""Records written by Java with Apicurio's serializers, against a real broker and registry. Fetched from Maven once (55 MB)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from tests.kafka.launcher import ROOT, copy_dependencies, fetched_once

_SOURCE = Path(__file__).with_name("java") / "Produce.java"
FOLDER = Path(os.environ.get("EVENTSCOPE_SERDES", ROOT / ".cache" / "apicurio-serdes-2.6.13"))

IN_4_BYTES = {
    "apicurio.registry.id-handler": "io.apicurio.registry.serde.Legacy4ByteIdHandler",
    "apicurio.registry.use-id": "contentId",
    "apicurio.registry.headers.enabled": "false",
}
"""Confluent's framing: 0, then the content id in four bytes, which is what Confluent's API of the registry calls the schema."""
IN_8_BYTES = {"apicurio.registry.headers.enabled": "false"}
"""The default of version 2: 0, then the global id in eight bytes."""
IN_HEADERS = {"apicurio.registry.headers.enabled": "true"}
"""Nothing before the value: the global id stands in a header."""


def produce(bootstrap: str, registry_url: str, records: Iterable[Mapping[str, object]], framing: Mapping[str, str]) -> None:
    """Writes records (see `java/Produce.java`) to partition 0 of their topics and registers what schemas they need.

    `registry_url` is that of Apicurio's own API. Fails with what Java said.
    """
    jars = fetched_once(FOLDER, lambda folder: copy_dependencies(_SOURCE.with_name("pom.xml"), folder))
    properties = {
        "bootstrap.servers": bootstrap,
        "apicurio.registry.url": registry_url,
        "apicurio.registry.auto-register": "true",
        **framing,
    }
    java = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{jars}/*"]
    words = [*java, str(_SOURCE), *(f"{name}={value}" for name, value in properties.items())]
    lines = b"".join(orjson.dumps(record) + b"\n" for record in records)
    done = subprocess.run(words, input=lines, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
