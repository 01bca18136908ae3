"""Drift: a projection against the read model that it mirrors, at the model's own checkpoint. Writes nothing anywhere.

    mirror = mirror_of(projection)                              # what its file says under [model]
    with opened("postgresql://reader@host/shop", config) as model:
        state = model.read(mirror)                              # rows and checkpoint, of one state of the database
    report = compared(reader, projection, mirror, state, at(state))

Read `mirror` for what the file says, `model` for tables and files, `comparing` for verdicts, `cli.drift` for who asks.
"""

from __future__ import annotations

from inspector.drift.comparing import Report, compared
from inspector.drift.difference import Difference
from inspector.drift.mirror import Mirror, mirror_of
from inspector.drift.model import ModelState, read_model

__all__ = ["Difference", "Mirror", "ModelState", "Report", "compared", "mirror_of", "read_model"]
