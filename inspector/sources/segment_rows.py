"""What a batch's header and the survey say of its rows: flags, and in `extra` where they lay and what became of their transaction.

Read `segment_read` for who asks.
"""

from __future__ import annotations

from inspector.event import Flag, RecordBatch
from inspector.segments.columns import mark
from inspector.segments.control import label
from inspector.segments.framing import CODEC, DELETE_HORIZON, Frame
from inspector.segments.survey import Survey
from inspector.segments.transactions import Place, State

_ABORTED, _OPEN, _BELOW, _DAMAGED, _CONTROL = (
    int(flag) for flag in (Flag.aborted, Flag.open, Flag.below_start, Flag.damaged, Flag.control)
)
HIDDEN = _ABORTED | _OPEN | _CONTROL
"""What a reader of committed records is not given."""
_SEQUENCES = 1 << 31


def describe(batch: RecordBatch, frame: Frame, place: Place, survey: Survey) -> None:
    """Completes the rows of a frame with what is known of it."""
    if frame.is_control:
        label(batch)
    _put_extra(batch, frame, place, survey)
    _put_flags(batch, frame, place, survey)


def _put_flags(batch: RecordBatch, frame: Frame, place: Place, survey: Survey) -> None:
    if odd := survey.oddness(place):
        mark(batch, _DAMAGED, f"not to be trusted: {odd}")
    state = _state(frame, place, survey)
    if state is State.aborted:
        mark(batch, _ABORTED)
    elif state is State.open:
        mark(batch, _OPEN)
    stable = survey.transactions.stable
    if frame.last >= stable and state is not State.aborted:
        for row, position in enumerate(batch.position):
            if position >= stable:
                batch.flags[row] = batch.flags.get(row, 0) | _OPEN
                batch.extra[row] = {**batch.extra[row], "not_yet_visible": True}
    start = survey.partition.log_start
    if start is not None and batch.position and min(batch.position) < start:
        for row, position in enumerate(batch.position):
            if position < start:
                batch.flags[row] = batch.flags.get(row, 0) | _BELOW


def _state(frame: Frame, place: Place, survey: Survey) -> State | None:
    """What became of the transaction of a batch of records; None for one outside transactions, and for markers."""
    if not frame.is_transactional or frame.is_control:
        return None
    return survey.transactions.state_of(place, frame.producer_id) if frame.is_sound else State.unknown


def _put_extra(batch: RecordBatch, frame: Frame, place: Place, survey: Survey) -> None:
    common = _common(frame)
    state = _state(frame, place, survey)
    if state is not None:
        common["transaction"] = str(state)
    own, extra = batch.extra, dict.fromkeys(range(len(batch)), common)
    if frame.producer_id >= 0 and frame.base_sequence >= 0:
        first = frame.base_sequence - frame.base
        extra = {row: {**common, "sequence": (first + position) % _SEQUENCES} for row, position in enumerate(batch.position)}
    for row, values in own.items():
        extra[row] = {**extra[row], **values}
    batch.extra = extra


def _common(frame: Frame) -> dict[str, object]:
    """What all rows of a batch have alike. No producer means no sequence, whatever the field holds."""
    found: dict[str, object] = {"batch": [frame.base, frame.last]} if frame.base >= 0 else {"batch": [None, frame.last]}
    if frame.magic < 2:
        found["magic"] = frame.magic
    if frame.leader_epoch >= 0:
        found["leader_epoch"] = frame.leader_epoch
    if frame.attributes & CODEC:
        found["codec"] = frame.codec
    if frame.producer_id >= 0:
        found["producer_id"], found["producer_epoch"] = frame.producer_id, frame.producer_epoch
    if frame.is_transactional:
        found["transactional"] = True
    if frame.magic == 2 and frame.attributes & DELETE_HORIZON:
        found["delete_horizon_ms"] = frame.base_time_ms
    return found
