"""Where the panes of a session are: one place each, shown and hidden, with their sizes remembered.

Knows every pane, and no capture. Read `main_window` for the rest of the window.
"""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QSplitter, QWidget

from app import style
from app.coloring import Coloring
from app.models.profile import Profile
from app.models.wish import ORDER_WORDS
from app.pane_tabs import PaneTabs
from app.panes.drift import DriftPane
from app.panes.event import EventPane
from app.panes.events import EventsPane
from app.panes.findings import FindingsPane
from app.panes.metrics import MetricsPane
from app.panes.navigator import NavigatorPane
from app.panes.replay import ReplayPane
from app.panes.schemas import SchemasPane
from app.panes.states import StatesPane
from app.panes.timeline import TOLD, TimelinePane
from app.profiles import Profiles
from app.reach import Reach
from app.selection import Selection
from app.session import Session

_NAVIGATOR_PX, _RIGHT_PX, _EVENT_PX, _REPLAY_PX, _METRICS_PX, _TIMELINE_PX = 260, 436, 330, 510, 220, 116
_RIGHT_SHARE, _BELOW_SHARE = 4, 4
"""The right side has one part in so many of a wide window, and what is below the events of a high one."""


class Layout(QSplitter):
    """The panes of `session`, sharing `selection`."""

    def __init__(self, session: Session, selection: Selection, settings: QSettings, profiles: Profiles) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._settings, self._profiles = settings, profiles
        self.events_pane = EventsPane(session, selection)
        self.reach = Reach(session, selection, self.events_pane)
        self.coloring = Coloring(profiles, self)
        self.coloring.changed.connect(self.events_pane.model.set_rules)
        self.coloring.tell()
        self.events_pane.to_do.painted.connect(self.coloring.paint)
        self.events_pane.view.header.index_wanted.connect(selection.index_field)
        selection.asked_again.connect(lambda: self.events_pane.lister.show(self.events_pane.wish))
        self.event_pane, self.replay_pane = EventPane(session, selection), ReplayPane(session, selection)
        self.navigator_pane = NavigatorPane(session, selection)
        self.metrics_pane, self.schemas_pane = MetricsPane(session, selection), SchemasPane(session, selection)
        self.findings_pane = FindingsPane(session, selection)
        self.findings_pane.checking.changed.connect(self.metrics_pane.look_around)
        self.states_pane = StatesPane(session, selection)
        self.drift_pane = DriftPane(session, selection, settings)
        tabs = {
            "Plots": self.metrics_pane,
            "Schemas": self.schemas_pane,
            "Findings": self.findings_pane,
            "All at a time": self.states_pane,
            "Drift": self.drift_pane,
        }
        self.below = PaneTabs("Panes below the events", tabs)
        self._middle = _splitter(Qt.Orientation.Vertical, self.events_pane, self.below)
        self._middle.setStretchFactor(0, 1)
        self._middle.setCollapsible(0, False)
        self._middle.setSizes([600, _METRICS_PX])
        self._right = _splitter(Qt.Orientation.Vertical, self.event_pane, self.replay_pane)
        self._right.setSizes([_EVENT_PX, _REPLAY_PX])
        self._columns = _splitter(Qt.Orientation.Horizontal, self.navigator_pane, self._middle, self._right)
        self._columns.setStretchFactor(1, 1)
        self._columns.setCollapsible(1, False)
        self.timeline_pane = TimelinePane(session, selection)
        self.setHandleWidth(style.GAP_PX)
        self.setAccessibleName("Panes")
        self.addWidget(self.timeline_pane)
        self.addWidget(self._columns)
        self.setStretchFactor(1, 1)
        self.setCollapsible(1, False)
        self.setSizes([_TIMELINE_PX, 700])
        self._is_sized = False
        self.panes: dict[str, QWidget] = {
            "Navigator": self.navigator_pane,
            "Event": self.event_pane,
            "Replay": self.replay_pane,
            "Plots": self.metrics_pane,
            "Schemas": self.schemas_pane,
            "Findings": self.findings_pane,
            "All at a time": self.states_pane,
            "Drift": self.drift_pane,
            "Timeline": self.timeline_pane,
        }
        """What can be hidden, by its name."""
        self._splitters = {"rows": self, "whole": self._columns, "middle": self._middle, "right": self._right}
        self._restore()
        profiles.leaving.connect(self.tell_profile)
        profiles.switched.connect(self.take_profile)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone, everywhere."""
        self.events_pane.set_zone(zone)
        self.event_pane.set_zone(zone)
        self.replay_pane.set_zone(zone)
        self.metrics_pane.set_zone(zone)
        self.states_pane.set_zone(zone)
        self.schemas_pane.set_zone(zone)
        self.findings_pane.set_zone(zone)
        self.drift_pane.set_zone(zone)
        self.timeline_pane.set_zone(zone)

    def show_pane(self, name: str, *, on: bool) -> None:
        """Shows or hides a pane; a side without any takes no room."""
        if self.below.holds(name):
            self.below.show_pane(name, on=on)
            return
        self.panes[name].setVisible(on)
        self._right.setVisible(any(not pane.isHidden() for pane in (self.event_pane, self.replay_pane)))

    def is_shown(self, name: str) -> bool:
        """Whether a pane is to be seen."""
        return self.below.is_shown(name) if self.below.holds(name) else not self.panes[name].isHidden()

    def is_at_front(self, name: str) -> bool:
        """Whether a pane is to be seen and no other lies over it."""
        return self.is_shown(name) and (not self.below.holds(name) or self.below.is_current(name))

    def show_replay(self, _seq: object = None) -> None:
        """Shows the replay, wherever it was hidden."""
        self.show_pane("Replay", on=True)

    def leave(self) -> None:
        """Ends what the panes run, and goes."""
        self._profiles.leaving.disconnect(self.tell_profile)
        self._profiles.switched.disconnect(self.take_profile)
        self.replay_pane.close_process()
        self.findings_pane.leave()
        self.states_pane.leave()
        self.drift_pane.leave()
        self.hide()
        self.setParent(None)
        self.deleteLater()

    def focus_next(self, *, back: bool = False) -> None:
        """Moves the keyboard to the next pane that is to be seen, round and round."""
        panes = [pane for pane in self._in_reading_order() if pane.isVisible()]
        at = next((place for place, pane in enumerate(panes) if pane.isAncestorOf(self.focusWidget() or self)), -1)
        for step in range(1, len(panes) + 1):
            if (inside := _first_to_focus(panes[(at + (-step if back else step)) % len(panes)])) is not None:
                inside.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def _in_reading_order(self) -> tuple[QWidget, ...]:
        left = self.timeline_pane, self.navigator_pane, self.events_pane
        below = self.metrics_pane, self.schemas_pane, self.findings_pane, self.states_pane, self.drift_pane
        return *left, *below, self.event_pane, self.replay_pane

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The first size there is decides the usual sizes; then what was remembered holds."""
        super().resizeEvent(event)
        if not self._is_sized and event.size().width() > _NAVIGATOR_PX + _RIGHT_PX:
            self._is_sized = True
            right_px = max(_RIGHT_PX, event.size().width() // _RIGHT_SHARE)
            self._columns.setSizes([_NAVIGATOR_PX, event.size().width() - _NAVIGATOR_PX - right_px, right_px])
            below_px = max(_METRICS_PX, event.size().height() // _BELOW_SHARE)
            self._middle.setSizes([event.size().height() - _TIMELINE_PX - below_px, below_px])
            self._restore_sizes()

    # ---- remembering

    def _restore_sizes(self) -> None:
        for name, splitter in self._splitters.items():
            state = self._settings.value(f"layout/{name}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)

    def _restore(self) -> None:
        for name in self.panes:
            if self._settings.value(f"layout/hidden/{name}", "") == "yes":
                self.show_pane(name, on=False)
        self.below.turn_to(str(self._settings.value("layout/below the events", "Plots")))
        order, turned = str(self._settings.value("layout/order", "")), self._settings.value("layout/newest first", "") == "yes"
        if order in ORDER_WORDS:
            self.events_pane.begin_in(order, newest_first=turned)
        self.take_profile(self._profiles.current)

    def take_profile(self, profile: Profile) -> None:
        """Shows columns and plots as a profile says."""
        self.events_pane.view.restore_columns(profile.columns)
        self.metrics_pane.choose(profile.plots, profile.times)
        self.timeline_pane.tell_by(profile.timeline)

    def tell_profile(self, _profile: object = None) -> None:
        """Puts columns and plots as they are now into the profile in force."""
        (plots, times), told = self.metrics_pane.chosen(), TOLD[self.timeline_pane.by.currentIndex()]
        self._profiles.change(columns=self.events_pane.view.columns(), plots=plots, times=times, timeline=told)

    def remember(self) -> None:
        """Writes down where everything is."""
        for name, splitter in self._splitters.items():
            self._settings.setValue(f"layout/{name}", splitter.saveState())
        for name in self.panes:
            self._settings.setValue(f"layout/hidden/{name}", "" if self.is_shown(name) else "yes")
        self._settings.setValue("layout/below the events", self.below.current())
        order, newest_first = self.events_pane.own_order
        self._settings.setValue("layout/order", order)
        self._settings.setValue("layout/newest first", "yes" if newest_first else "")
        self.tell_profile()


def _first_to_focus(pane: QWidget) -> QWidget | None:
    """A pane's list if it has one to be seen, else the first thing in it that takes keys."""
    takes = [widget for widget in pane.findChildren(QWidget) if widget.isVisibleTo(pane) and widget.isEnabled() and _takes_keys(widget)]
    return next((widget for widget in takes if isinstance(widget, QAbstractItemView)), takes[0] if takes else None)


def _takes_keys(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _splitter(direction: Qt.Orientation, *panes: QWidget) -> QSplitter:
    splitter = QSplitter(direction)
    splitter.setHandleWidth(style.GAP_PX)
    for pane in panes:
        splitter.addWidget(pane)
    return splitter
