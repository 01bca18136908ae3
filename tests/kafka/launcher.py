"""Real Apache Kafka brokers for tests: assembled from Maven artifacts, one process each, on free loopback ports.

A broker's storage is a temporary folder; it ends with the process that started it, even when that one is killed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka.child import Child

VERSION = "4.1.0"
ROOT = Path(__file__).resolve().parents[2]
JARS = Path(os.environ.get("EVENTSCOPE_KAFKA_JARS", ROOT / ".cache" / f"kafka-{VERSION}"))
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
_START_S = 60.0


def missing() -> str:
    """Why no broker can run here, or nothing."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None and not (tool == "mvn" and (JARS / ".complete").exists()):
            return f"{tool} is not installed: no real Kafka broker can be started"
    return ""


def assemble() -> Path:
    """The folder with the broker's jars, fetched once; safe when two test processes start at the same time."""
    return fetched_once(JARS, lambda folder: copy_dependencies(Path(__file__).with_name("pom.xml"), folder))


def copy_dependencies(pom: Path, folder: Path) -> None:
    """Fetches everything that a Maven project depends on."""
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
    maven("-f", str(pom), goal, f"-DoutputDirectory={folder}")


def maven(*words: str) -> None:
    """Runs Maven; fails when it does."""
    subprocess.run(["mvn", "-q", "-B", *words], check=True, stdin=subprocess.DEVNULL)


def fetched_once(target: Path, fetch: Callable[[Path], None]) -> Path:
    """The folder `target`, filled by `fetch` when it is not there yet."""
    if not (target / ".complete").exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        fetched = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
        try:
            fetch(fetched)
            (fetched / ".complete").touch()
            _put_in_place(fetched, target)
        finally:
            shutil.rmtree(fetched, ignore_errors=True)
    return target


def _put_in_place(fetched: Path, target: Path) -> None:
    """The first to come wins: jars that are there are never replaced, a broker may be running on them."""
    try:
        fetched.rename(target)
    except OSError:
        if not (target / ".complete").exists():
            raise


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


_BASE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "true",
    "message.max.bytes": "20000000",
    "replica.fetch.max.bytes": "20000000",
    "log.retention.check.interval.ms": "1000",
    "log.cleaner.backoff.ms": "500",
    "log.retention.ms": "-1",
    "log.initial.task.delay.ms": "500",
    "log.flush.start.offset.checkpoint.interval.ms": "1000",
    "replica.high.watermark.checkpoint.interval.ms": "1000",
    "transaction.max.timeout.ms": "900000",
    "controller.quorum.election.timeout.ms": "500",
    "controlled.shutdown.enable": "false",
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}


@dataclass
class Broker:
    """One broker. `listeners` maps a listener's name to its security protocol; PLAINTEXT is always there."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    listeners: Mapping[str, str] = field(default_factory=dict)
    heap_mb: int = 512
    scram: Sequence[str] = ()
    """Arguments of the storage tool such as `SCRAM-SHA-256=[name=alice,password=…]`."""

    def __post_init__(self) -> None:
        names = ["PLAINTEXT", *self.listeners]
        ports = free_ports(len(names) + 1)
        self.ports = dict(zip(names, ports, strict=False))
        self._controller_port = ports[-1]
        self._child: Child | None = None
        self.pid = 0
        """The Java process, once started."""

    @property
    def bootstrap(self) -> str:
        """The plain-text listener."""
        return self.address("PLAINTEXT")

    def address(self, listener: str) -> str:
        """The address of one listener."""
        return f"127.0.0.1:{self.ports[listener]}"

    def start(self) -> Broker:
        """Starts (or restarts, on the same ports and storage) and waits until it answers."""
        jars = assemble()
        properties = self.folder / "server.properties"
        if not properties.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            properties.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
            scram = [part for credential in self.scram for part in ("--add-scram", credential)]
            self._run_tool(jars, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties), *scram)
        self._child = Child([*self._java(jars), "kafka.Kafka", str(properties)], self.folder / "broker.log")
        self.pid = self._child.pid
        self._wait_until_up()
        return self

    def _java(self, jars: Path) -> list[str]:
        options = [f"-Xmx{self.heap_mb}m", "-Xms256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        options.append("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        return ["java", *options, "-cp", f"{jars}/*"]

    def _run_tool(self, jars: Path, *arguments: str) -> None:
        done = subprocess.run([*self._java(jars), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise RuntimeError(f"{arguments[0]} failed: {done.stdout}{done.stderr}")

    def _properties(self) -> dict[str, str]:
        protocols = {"CONTROLLER": "PLAINTEXT", "PLAINTEXT": "PLAINTEXT", **self.listeners}
        addresses = [f"{name}://127.0.0.1:{port}" for name, port in self.ports.items()]
        return {
            **_BASE,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": ",".join([*addresses, f"CONTROLLER://127.0.0.1:{self._controller_port}"]),
            "advertised.listeners": ",".join(addresses),
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            "log.dirs": str(self.folder / "data"),
            **self.settings,
        }

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _START_S
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "socket.connection.setup.timeout.ms": 2000})
        while time.monotonic() < deadline:
            try:
                if admin.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                pass
            if not self.is_running():
                break
        raise RuntimeError(f"the broker did not start: {(self.folder / 'broker.log').read_text()[-3000:]}")

    def is_running(self) -> bool:
        """Whether the broker's process is there."""
        return self._child is not None and self._child.is_running()

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def stop(self) -> None:
        """Ends it and removes its storage."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
