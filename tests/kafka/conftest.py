"""Brokers for tests. The plain one is shared by the whole run; topics have names of their own."""

from __future__ import annotations

import gc
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka import launcher
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker
from tests.kafka.registry import RegistryServer
from tests.kafka.secure import SecureBroker


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a broker; without one it is skipped with the reason."""
    reason = launcher.missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.kafka)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="package", autouse=True)
def _collects_again() -> Iterator[None]:
    """After the tests with windows Python collects by itself again."""
    yield
    gc.enable()


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A real broker, plain text, that creates topics by itself when asked the wrong way."""
    with tempfile.TemporaryDirectory(prefix="eventscope-kafka-") as folder:
        started = Broker(Path(folder) / "broker").start()
        try:
            yield started
        finally:
            started.stop()


@pytest.fixture(scope="session")
def cluster(broker: Broker) -> Cluster:
    """The shared broker with the calls that tests need."""
    return Cluster(broker)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker for one test, which may kill it; nothing has been asked of it yet."""
    started = Broker(tmp_path / "broker").start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def registry() -> Iterator[RegistryServer]:
    """A real schema registry (Apicurio, with Confluent's API too); shared by the whole run, subjects have names of their own."""
    with tempfile.TemporaryDirectory(prefix="eventscope-registry-") as folder:
        started = RegistryServer(Path(folder) / "registry").start()
        try:
            yield started
        finally:
            started.stop()


@pytest.fixture
def own_registry(tmp_path: Path) -> Iterator[RegistryServer]:
    """A registry for one test, which may kill it and start it again: what was registered is there again, under the same numbers."""
    started = RegistryServer(tmp_path / "registry").start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def secure_broker() -> Iterator[SecureBroker]:
    """A broker with TLS, SASL and rights; shared by the whole run, so nobody may change its users or rights."""
    with tempfile.TemporaryDirectory(prefix="eventscope-kafka-") as folder:
        secured = SecureBroker(Path(folder))
        try:
            yield secured.start()
        finally:
            secured.broker.stop()


_numbers = itertools.count(1)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A topic name nobody else uses."""
    return f"{request.node.originalname.removeprefix('test_')[:60]}-{next(_numbers)}"
