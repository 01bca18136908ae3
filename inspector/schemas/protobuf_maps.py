"""Maps that a registry prints as the messages they are stored as, which no compiler takes. Pure; no I/O.

Apicurio keeps what Java registers as descriptors and prints them (by Wire): `map<string, string> tags` comes out as
`repeated TagsEntry tags` and a message with `option map_entry = true`. Read `protobuf` for who compiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

_OPTION = re.compile(r"\boption\s+map_entry\s*=\s*true\s*;")


def is_printed(text: str) -> bool:
    """Whether `text` says of a message that it is an entry of a map."""
    return _OPTION.search(text) is not None


def as_messages(text: str) -> str:
    """`text` with plain messages in place of entries of maps, which compiles; lines stay where they are."""
    return _OPTION.sub(lambda found: "\n" * found[0].count("\n"), text)


def restore(files: Iterable[FileDescriptorProto]) -> None:
    """Makes entries of maps of the messages that were printed so: those of a repeated field, named after it, with key and value."""
    for file in files:
        waiting = [(f".{file.package}.{message.name}" if file.package else f".{message.name}", message) for message in file.message_type]
        while waiting:
            name, message = waiting.pop()
            _restore_in(message, name)
            waiting.extend((f"{name}.{nested.name}", nested) for nested in message.nested_type)


def _restore_in(message: DescriptorProto, name: str) -> None:
    fields = {field.type_name: field for field in message.field if field.label == field.LABEL_REPEATED}
    for nested in message.nested_type:
        field = fields.get(f"{name}.{nested.name}")
        if field is not None and nested.name == _entry_name(field) and [(one.name, one.number) for one in nested.field] == _ENTRY:
            nested.options.map_entry = True


_ENTRY = [("key", 1), ("value", 2)]


def _entry_name(field: FieldDescriptorProto) -> str:
    """What a compiler calls the entries of a map."""
    return "".join(part[:1].upper() + part[1:] for part in field.name.split("_")) + "Entry"
