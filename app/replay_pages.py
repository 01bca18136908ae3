"""The pages of the replay pane beside the state: changes, two moments, what if, a field's history, snapshots.

Each asks the fold process through `replaying`. Read `replay_page` for what they have in common, `models.replay_rows` for
their rows, `replay_plot` for the plot.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu

from app.fold import Answer
from app.models.replay_rows import (
    change_rows,
    field_rows,
    honest_words,
    left_out_words,
    short_words,
    shown_path,
    snapshot_rows,
    stand_words,
)
from app.plain import set_tip
from app.replay_page import ReplayPage
from app.replaying import Replaying

_CHANGE_HEADERS = ("place", "before", "after")
_PLACE_PX, _NUMBER_PX, _TIME_PX, _TYPE_PX = 150, 62, 150, 110
_LISTED = 1_000
_FIELD_ROWS = 200


class ChangesPage(ReplayPage):
    """What the last event changed."""

    title = "Changes"

    def __init__(self, replaying: Replaying) -> None:
        super().__init__(replaying, _CHANGE_HEADERS, [_PLACE_PX, 0, 0], toned=[0])

    def refresh(self) -> None:
        """Lists what the shown state's answer says already."""
        look = self.replaying.look
        count, last = int(look["step_count"]), look.get("last")
        self.say(f"{stand_words(look, self.zone)} · {count:,} change{'' if count == 1 else 's'}")
        if not last:
            self.show_none("No event is applied yet.", "One event on shows what it changes.")
        elif not count:
            self.show_none("This event changed nothing.", "It set what was there already, or carries no document.")
        else:
            self.show_rows(*change_rows(look["step"]))


class DiffPage(ReplayPage):
    """The changes from moment B, the second cursor, to moment A, where the state stands; or the other way round."""

    title = "A → B"
    second_wanted = Signal(object)
    """`(place)` of the second cursor; None: it is not wanted."""

    def __init__(self, replaying: Replaying) -> None:
        super().__init__(replaying, ("place", "at A", "at B"), [_PLACE_PX, 0, 0], toned=[0])
        self.second: int | None = None
        self.keep, self.clear = self.add_button("B here", "Keep the moment shown as B (B in the strip)"), self.add_button("Clear", "No B")
        self.keep.clicked.connect(lambda: self.second_wanted.emit(int(self.replaying.look.get("place", 0))))
        self.clear.clicked.connect(lambda: self.second_wanted.emit(None))

    def show_second(self, place: int | None) -> None:
        """Compares with another moment."""
        self.second = place
        self.look_again()

    def refresh(self) -> None:
        """Asks for the changes between the two."""
        self.clear.setEnabled(self.second is not None)
        if self.second is None:
            self.say("")
            self.say_honest("")
            self.show_none("Only one moment is chosen.", "Shift+click in the strip, or B, puts a second cursor.")
            return
        fields = {"a": self.replaying.here, "b": {"count": self.second}, "limit": _LISTED}
        self.replaying.ask("diff", self._show, lane="diff", failed=self.fail, **fields)

    def _show(self, answer: Answer) -> None:
        count = int(answer["count"])
        places = [f"{name} {stand_words(answer[side], self.zone)}" for name, side in (("A", "from"), ("B", "to"))]
        self.say(f"{count:,} change{'' if count == 1 else 's'}")
        set_tip(self.said, "\n".join(places))
        self.table.name_columns(("place", *(f"{name} {short_words(answer[side])}" for name, side in (("A", "from"), ("B", "to")))))
        # the later moment rests on all that the earlier one does
        self.say_honest(honest_words(answer["to"].get("honest")) or honest_words(answer["from"].get("honest")))
        if count:
            self.show_rows(*change_rows(answer["changes"]))
        else:
            self.show_none("The two states are equal.", "Nothing that was changed between them stayed changed.")


class WhatIfPage(ReplayPage):
    """Events that are left out, and how the outcome differs from what happened."""

    title = "What if"
    changed = Signal()
    """Other events are left out."""

    def __init__(self, replaying: Replaying) -> None:
        super().__init__(replaying, ("place", "happened", "would be"), [_PLACE_PX, 0, 0], toned=[0])
        self.leave_out = self.add_button("Leave out this event", "What if the last event applied had not happened?")
        self.put_back = self.add_button("Put all back", "What happened, again")
        self.leave_out.clicked.connect(self._leave_out_last)
        self.put_back.clicked.connect(self.restore)

    def leave_event_out(self, seq: int) -> None:
        """Asks what would be without an event."""
        if seq not in self.replaying.without:
            self.replaying.without.append(seq)
            self.changed.emit()

    def restore(self) -> None:
        """Leaves no event out any more."""
        if self.replaying.without:
            self.replaying.without.clear()
            self.changed.emit()

    def _leave_out_last(self) -> None:
        if last := self.replaying.look.get("last"):
            self.leave_event_out(int(last["seq"]))

    def refresh(self) -> None:
        """Shows the two outcomes, which the state's answer has."""
        look = self.replaying.look
        without, last = self.replaying.without, look.get("last")
        self.put_back.setEnabled(bool(without))
        self.leave_out.setEnabled(bool(last) and int(last["seq"] if last else 0) not in without)
        if not without:
            self.say("")
            self.say_honest("")
            self.show_none("No event is left out.", "Leave out the event the state stands at: both outcomes are compared.")
            return
        left = ", ".join(" ".join(part for part in (row[0], row[2]) if part) for row in left_out_words(look.get("left_out", ()), self.zone))
        count = int(look.get("outcome_count", 0))
        self.say(f"without {left or 'events further on'} · {count:,} difference{'' if count == 1 else 's'}")
        self.say_honest("This is not what happened.")
        if count:
            self.show_rows(*change_rows(look["outcome"]))
        else:
            self.show_none("It makes no difference here.", "Up to this moment the state is the same without these events.")


class FieldPage(ReplayPage):
    """All events that changed one place of the state, the newest first."""

    title = "Field"

    def __init__(self, replaying: Replaying) -> None:
        super().__init__(replaying, ("event", "time", "type", "value"), [_NUMBER_PX, _TIME_PX, _TYPE_PX, 0])
        self.path: str | None = None
        self.older = self.add_button("Older", "Further changes before these")
        self.older.clicked.connect(self._more)
        self._next: int | None = None
        self._before: int | None = None
        self._earlier: list[Answer] = []
        """What the pages before the one that is asked for had."""
        self._rows: list[Answer] = []

    def show_path(self, path: str) -> None:
        """Shows the history of the value at a JSON pointer."""
        self.path = path
        self.look_again()

    def refresh(self) -> None:
        """Asks for the newest changes up to the state's moment."""
        self.older.hide()
        if self.path is None:
            self.say("")
            self.show_none("No field is chosen.", "The menu of a row of the state has History of this field.")
            return
        self._before, self._earlier = None, []
        self._ask()

    def _more(self) -> None:
        self.older.hide()
        self._before, self._earlier = self._next, self._rows
        self._ask()

    def _ask(self) -> None:
        """Asks for a page, or to go on with one that is not done."""
        fields = {"path": self.path, "limit": _FIELD_ROWS, **self.replaying.here}
        if self._before is not None:
            fields["before_place"] = self._before
        self.replaying.ask("field", self._show, lane="field", failed=self.fail, **fields)

    def _show(self, answer: Answer) -> None:
        self._rows, self._next = [*self._earlier, *answer["entries"]], answer["next"]
        is_done = bool(answer["done"])
        self.older.setVisible(self._next is not None)
        count, least = len(self._rows), "" if is_done and self._next is None else "at least "
        looked = "" if is_done else f" · {answer['applied']:,} of {answer['total']:,} events looked at so far"
        self.say(f"{shown_path(self.path or '')} · {least}{count:,} change{'' if count == 1 else 's'}{looked}")
        self.say_honest(honest_words(answer.get("honest")))
        if self._rows:
            rows, tones = field_rows(self._rows, self.zone)
            if rows != self.table.rows:  # a part that found nothing more leaves the list, and what is chosen in it
                self.show_rows(rows, tones, self._rows)
        elif not is_done:
            self.show_none("Nothing changed it in the events looked at so far.", "The newest are looked at first.")
        else:
            self.show_none("Nothing set this field up to here.", "The state never had it.")
        if not is_done:
            self._go_on()

    def _go_on(self) -> None:
        if self.isVisible():
            self._ask()
        else:
            self.wait_until_seen()


class SnapshotsPage(ReplayPage):
    """The states that the store itself kept, against the replay."""

    title = "Snapshots"

    def __init__(self, replaying: Replaying) -> None:
        super().__init__(replaying, ("version", "time", "against the replay"), [_NUMBER_PX + 20, _TIME_PX, 0], toned=[2])

    def refresh(self) -> None:
        """Asks for the first of them."""
        self.replaying.ask("snapshots", self._show, lane="snapshots", failed=self.fail)

    def _show(self, answer: Answer) -> None:
        found = answer["snapshots"]
        differ = sum(1 for kept in found if kept["is_equal"] is False)
        more = "at least " if answer["next"] is not None else ""
        self.say(f"{more}{len(found):,} snapshot{'' if len(found) == 1 else 's'}, {differ:,} differ" if found else "")
        self.say_honest(honest_words(answer.get("honest")))
        if found:
            self.show_rows(*snapshot_rows(found, self.zone))
        else:
            self.show_none("The store kept no snapshot of this stream.", "Stores that keep some have them compared here.")

    def add_to_menu(self, menu: QMenu, row: int) -> None:
        """A snapshot is no event."""
