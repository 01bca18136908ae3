"""A reducer out of an application's aggregate class of the `eventsourcing` package: the package's own mapper and mutators.

The package is the user's: it is imported from where the user's file finds it. A topic in an event resolves only to what
the user's file has loaded. Read `plain` for how an aggregate is shown, `child` for where it runs.
"""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldEvent
from inspector.user_code.loading import Modules
from inspector.user_code.plain import aggregate_state


class ByAggregate:
    """Folds the stored events of `stream` through `named`, a class of the module `module`. Raises what the classes raise."""

    def __init__(self, named: type, module: ModuleType, finder: Modules) -> None:
        domain, self._utils = _of_package("domain"), _of_package("utils")
        self._persistence = _of_package("persistence")
        if not hasattr(named, "__base_init__") and not issubclass(named, domain.CanMutateAggregate) and not hasattr(named, "Event"):
            raise UsageError(f"{named.__qualname__} is no aggregate of the eventsourcing package: it has no events")
        self._begins, self._snapshot = domain.CanInitAggregate, domain.CanSnapshotAggregate
        self._named, self._module, self._finder = named, module, finder
        self._mapper = self._persistence.Mapper(self._transcoder())
        self._known: dict[str, type] = {}
        self.stream = ""

    def _transcoder(self) -> Any:
        """The package's own transcodings, or those of the application that the user's file has; and those of its `transcodings`."""
        transcoder, application = self._persistence.JSONTranscoder(), _of_package("application").Application
        classes = [found for found in vars(self._module).values() if isinstance(found, type) and issubclass(found, application)]
        own: Any = getattr(self._module, "application", None) or next((found for found in classes if found is not application), application)
        own.register_transcodings(object.__new__(own), transcoder)
        for transcoding in getattr(self._module, "transcodings", ()):
            transcoder.register(transcoding)
        return transcoder

    def initial(self) -> object:
        """No aggregate."""
        return ABSENT

    def prepared(self, events: Sequence[FoldEvent]) -> Sequence[FoldEvent]:
        """The events: what is in them is read one by one, since reading them runs the user's upcasters."""
        return events

    def apply(self, state: object, event: FoldEvent) -> object:
        """The aggregate after one event; `state` is changed."""
        domain_event = self._domain_event(event)
        before = None if state is ABSENT else state
        if isinstance(domain_event, self._snapshot):
            return before if before is not None else self._begun(domain_event, domain_event.topic)
        if isinstance(domain_event, self._begins):
            if before is not None:
                raise ValueError("it begins an aggregate that is there already")
            return self._begun(domain_event, domain_event.originator_topic)
        if before is None and event.version != 1:
            raise ValueError("the events before it are not in the capture: an aggregate class needs the whole stream, or a snapshot")
        after = domain_event.mutate(before)
        return ABSENT if after is None else after

    def copied(self, state: object) -> object:
        """An aggregate of its own."""
        return copy.deepcopy(state) if state is not ABSENT else state

    def shown(self, state: object) -> object:
        """Its attributes as JSON values."""
        return aggregate_state(state) if state is not ABSENT else state

    def _domain_event(self, event: FoldEvent) -> Any:
        if event.data is None or event.type is None or event.version is None:
            raise ValueError("it is no stored event: it has no topic, no version or no state")
        self._class_of(event.type)
        stored = self._persistence.StoredEvent(
            originator_id=self.stream, originator_version=event.version, topic=event.type, state=event.data.encode()
        )
        return self._mapper.to_domain_event(stored)

    def _begun(self, domain_event: Any, topic: str) -> object:
        """The aggregate that an event or a snapshot makes; it must be one of the class that the user named."""
        found = self._class_of(topic)
        if not issubclass(found, self._named):
            raise TypeError(f"its aggregate is {topic}, not {self._named.__qualname__}")
        return domain_event.mutate(None)

    def _class_of(self, topic: str) -> type:
        """The class of a topic, among what is loaded: by the package's own rule, else by its name in the user's file."""
        if topic not in self._known:
            self._known[topic] = self._resolved(topic)
        return self._known[topic]

    def _resolved(self, topic: str) -> type:
        self._finder.is_closed = True
        try:
            found = self._utils.resolve_topic(topic)
        except self._utils.TopicError as error:
            found = _at(self._module, topic.partition(":")[2])
            if found is None:
                raise LookupError(
                    f"there is no class for the topic {topic} ({error.__cause__ or error}): name a file that has or imports it"
                ) from error
            self._utils.register_topic(topic, found)
        finally:
            self._finder.is_closed = False
        if not isinstance(found, type) or not (
            hasattr(found, "mutate") or hasattr(found, "__base_init__") or issubclass(found, self._named)
        ):
            raise TypeError(f"the topic {topic} is no event and no aggregate of the application")
        return found


def _at(module: ModuleType, name: str) -> object:
    found: object = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _of_package(name: str) -> Any:
    """A module of the package. Raises UsageError saying how to have it where it is missing."""
    try:
        return importlib.import_module(f"eventsourcing.{name}")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the Python package eventsourcing is not here ({error}): install it with `{sys.executable} -m pip install eventsourcing`, "
            "or give the folder that your application has it in (its site-packages) with --python-path"
        ) from error
