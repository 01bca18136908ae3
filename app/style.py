"""How everything looks: the tokens, light and dark, one palette and one style sheet. Nothing else names a colour.

Knows no pane. Panes say what they are with the property `role` and object names; read the sheet below for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontDatabase, QGuiApplication, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

ROW_PX = 22
MARGIN_PX = 8
GAP_PX = 6
INSIDE_PX = 10


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours by their use. `ok`, `warn` and `bad` say a state, and always beside a word or a sign."""

    window: str
    panel: str
    line: str
    hover: str
    selection: str
    text: str
    dim: str
    faint: str
    accent: str
    ok: str
    warn: str
    bad: str
    series: tuple[str, ...]


LIGHT = Tokens(
    window="#f4f5f7",
    panel="#ffffff",
    line="#dde1e7",
    hover="#eef2f7",
    selection="#d9e9fc",
    text="#1b2430",
    dim="#566173",
    faint="#657082",
    accent="#1f6fd0",
    ok="#1a7f50",
    warn="#946000",
    bad="#c4372f",
    series=("#4477aa", "#2f8fb0", "#228833", "#9a8a12", "#c9415a", "#aa3377", "#7a7a7a"),
)
DARK = Tokens(
    window="#16181d",
    panel="#1b1e24",
    line="#2e333d",
    hover="#262b34",
    selection="#21405f",
    text="#e4e7ec",
    dim="#98a1b0",
    faint="#828c9e",
    accent="#5aa9ff",
    ok="#4ec48a",
    warn="#e8b04a",
    bad="#f0716b",
    series=("#6f9fd8", "#7fd6ee", "#5cc07a", "#dccb5a", "#f28a97", "#d072ae", "#8b93a1"),
)


_SCHEMES = {"light": LIGHT, "dark": DARK}
_chosen = {"appearance": "system"}


def tokens() -> Tokens:
    """The tokens of the system's colour scheme, or of the one the user chose."""
    if chosen := _SCHEMES.get(_chosen["appearance"]):
        return chosen
    return DARK if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT


def color(name: str) -> QColor:
    """The colour of a token by its name, such as `faint`."""
    return QColor(getattr(tokens(), name))


def wash(name: str) -> QColor:
    """A token's colour as a faint background for text."""
    return _mixed(color(name), color("panel"), _WASH)


def blank(widget: QWidget) -> QPixmap:
    """A picture as large as a widget and as sharp as its screen, in the colour of panels."""
    ratio = widget.devicePixelRatioF()
    picture = QPixmap(widget.size() * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(color("panel"))
    return picture


def faded(shade: QColor) -> QColor:
    """A colour that stands back: for what is not chosen, and for the ground below a line."""
    return _mixed(shade, color("panel"), _FADED)


def hatching() -> QBrush:
    """What is drawn over a time of which something was not read."""
    shade = color("faint")
    shade.setAlpha(_HATCH_ALPHA)
    return QBrush(shade, Qt.BrushStyle.BDiagPattern)


def rule_colors() -> list[QColor]:
    """The colours of colour rules themselves, of numbers 1 to 9."""
    look = tokens()
    return [QColor(each) for each in (*look.series, look.warn, look.bad)]


def rule_washes() -> list[QColor]:
    """The faint backgrounds that colour rules give, of numbers 1 to 9."""
    under = color("panel")
    return [_mixed(each, under, _RULE_WASH) for each in rule_colors()]


def _mixed(over: QColor, under: QColor, share: float) -> QColor:
    return QColor.fromRgbF(*(below + (above - below) * share for above, below in zip(_parts(over), _parts(under), strict=True)))


def _parts(shade: QColor) -> tuple[float, float, float]:
    return shade.redF(), shade.greenF(), shade.blueF()


_WASH = 0.16
_FADED = 0.35
_HATCH_ALPHA = 110
_RULE_WASH = 0.2


def series_colors(names: Iterable[str]) -> dict[str, QColor]:
    """A colour for each type or line: by its name, and another one only where two of up to seven would look the same."""
    colors = tokens().series
    taken: set[int] = set()
    found: dict[str, QColor] = {}
    for name in sorted(names):
        place = hashlib.blake2b(name.encode("utf-8", "backslashreplace"), digest_size=2).digest()[0] % len(colors)
        if len(taken) < len(colors):
            place = next((place + step) % len(colors) for step in range(len(colors)) if (place + step) % len(colors) not in taken)
        taken.add(place)
        found[name] = QColor(colors[place])
    return found


def fixed_font() -> QFont:
    """The fixed-pitch font for times, offsets, versions, JSON and hex."""
    families = QFontDatabase.families()
    font = QFont("JetBrains Mono") if "JetBrains Mono" in families else QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPointSizeF(_POINTS)
    return font


_POINTS = 9.0


def apply(application: QApplication, appearance: str = "system") -> None:
    """Gives the application its colours and fonts, `light`, `dark`, or as the system's are, now and whenever that changes."""
    _chosen["appearance"] = appearance
    application.setStyle("Fusion")
    font = application.font()
    font.setPointSizeF(_POINTS)
    application.setFont(font)
    _dress(application)
    application.styleHints().colorSchemeChanged.connect(lambda _scheme: _dress(application))


def choose(application: QApplication, appearance: str) -> None:
    """Gives the application and its windows other colours: `light`, `dark`, or as the `system` is."""
    _chosen["appearance"] = appearance
    _dress(application)


def dress(window: QWidget) -> None:
    """Gives a window, and all that has it for a parent, the style sheet.

    The sheet is no application's: Qt would hold every part against it anew at each level that the part is put into, and panes
    are made of many parts. A window that has no other for a parent has to be dressed by who makes it.
    """
    window.setProperty(_DRESSED, True)
    window.setStyleSheet(_sheet(tokens()))


_DRESSED = "dressed"


def _dress(application: QApplication) -> None:
    application.setPalette(_palette(tokens()))
    for window in application.topLevelWidgets():
        if window.property(_DRESSED):
            dress(window)


def _palette(look: Tokens) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for name, value in (
        (role.Window, look.window),
        (role.Base, look.panel),
        (role.AlternateBase, look.panel),
        (role.Button, look.panel),
        (role.ToolTipBase, look.panel),
        (role.Text, look.text),
        (role.WindowText, look.text),
        (role.ButtonText, look.text),
        (role.ToolTipText, look.text),
        (role.PlaceholderText, look.faint),
        (role.Highlight, look.selection),
        (role.HighlightedText, look.text),
        (role.Accent, look.accent),
        (role.Link, look.accent),
        (role.Light, look.panel),
        (role.Midlight, look.hover),
        (role.Mid, look.line),
        (role.Dark, look.line),
        (role.Shadow, look.line),
    ):
        palette.setColor(name, QColor(value))
    for name in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(look.faint))
    return palette


def _sheet(look: Tokens) -> str:
    """The style sheet with the tokens filled in for their `$names`."""
    sheet = _SHEET
    for field in fields(look):
        if field.name != "series":
            sheet = sheet.replace(f"${field.name};", f"{getattr(look, field.name)};")
    return sheet


_SHEET = """
QMainWindow, QDialog { background: $window; }
QFrame#panel { background: $panel; border: 1px solid $line; border-radius: 6px; }
QLabel[role="title"] { color: $dim; font-weight: 600; }
QLabel[role="dim"] { color: $dim; }
QLabel[role="faint"] { color: $faint; }
QLabel[role="ok"] { color: $ok; }
QLabel[role="warn"] { color: $warn; }
QLabel[role="bad"] { color: $bad; }
QLabel#badge { color: $dim; border: 1px solid $line; border-radius: 6px; padding: 4px 10px; background: $panel; font-weight: 600; }
QLabel#badge[role="bad"] { color: $bad; border: 1px solid $bad; }
QToolTip { color: $text; background: $panel; border: 1px solid $line; padding: 4px; }
QPushButton, QToolButton { color: $text; background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px 10px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $selection; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:checked { background: $selection; }
QPushButton:disabled { color: $faint; }
QPushButton[role="stop"] { color: $bad; font-weight: 600; }
QPushButton[role="bad"] { color: $bad; }
QPushButton[role="plain"] { border: 1px solid $line; background: $panel; }
QPushButton[role="plain"]:hover { background: $hover; }
QPushButton[role="plain"]:focus { border: 1px solid $accent; }
QPushButton[role="main"] { color: $accent; border: 1px solid $accent; background: $panel; font-weight: 600; }
QPushButton[role="main"]:hover { background: $hover; }
QPushButton[role="main"]:disabled { color: $faint; border: 1px solid $line; }
QPushButton[role="new"] { color: $accent; background: $panel; border: 1px solid $accent; border-radius: 11px; padding: 3px 12px; }
QLineEdit, QSpinBox { background: $panel; color: $text; border: 1px solid $line; border-radius: 6px; padding: 4px 8px; }
QSpinBox::up-button, QSpinBox::down-button { width: 0; border: none; }
QLineEdit[role="ok"] { border-left: 4px solid $ok; padding-left: 5px; }
QLineEdit[role="bad"] { border-left: 4px solid $bad; padding-left: 5px; }
QFrame#popup { background: $panel; border: 1px solid $accent; border-radius: 6px; }
QLineEdit:focus, QSpinBox:focus { border: 1px solid $accent; }
QLineEdit[role="ok"]:focus { border-left: 4px solid $ok; }
QLineEdit[role="bad"]:focus { border-left: 4px solid $bad; }
QComboBox { background: $panel; color: $text; border: 1px solid $line; border-radius: 6px; padding: 4px 8px; }
QComboBox:focus { border: 1px solid $accent; }
QComboBox::drop-down { border: none; width: 18px; }
QCheckBox::indicator:unchecked, QTableView::indicator:unchecked {
  border: 1px solid $faint; border-radius: 3px; background: $panel; width: 11px; height: 11px; }
QListView { background: $panel; border: none; outline: none; selection-background-color: $selection; selection-color: $text; }
QListView::item { min-height: 22px; padding: 0px 6px; }
QListView::item:selected { background: $selection; color: $text; }
QTableView { background: $panel; border: none; outline: none; selection-background-color: $selection; selection-color: $text; }
QTableView[role="all"] { background: $selection; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $dim; border: none; border-bottom: 1px solid $line; padding: 3px 9px; font-weight: 600; }
QTableView::item { padding: 0px 6px; }
QPlainTextEdit { background: $panel; color: $text; border: none; selection-background-color: $selection; selection-color: $text; }
QDialog QPlainTextEdit { border: 1px solid $line; border-radius: 6px; padding: 2px; }
QDialog QPlainTextEdit:focus { border: 1px solid $accent; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { background: transparent; }
QTabBar::tab { color: $dim; background: transparent; border: none; border-bottom: 2px solid transparent; padding: 7px 10px 5px 10px; }
QTabBar[role="close"]::tab { padding: 5px 6px 4px 6px; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }
QTreeView { background: $panel; color: $text; border: none; outline: none; selection-background-color: $selection; selection-color: $text; }
QTreeView::item { padding: 2px 4px; min-height: 18px; }
QTreeView::item:selected { background: $selection; color: $text; }
QSlider::groove:horizontal { height: 3px; background: $line; border-radius: 1px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 1px; }
QSlider::handle:horizontal { background: $accent; width: 12px; height: 12px; margin: -5px 0px; border-radius: 6px; }
QSlider::handle:horizontal:focus { border: 2px solid $text; width: 10px; }
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled { background: $line; }
QComboBox { background: $panel; color: $text; border: 1px solid $line; border-radius: 6px; padding: 3px 8px; }
QComboBox::drop-down { border: none; width: 18px; }
QComboBox::down-arrow { width: 0px; height: 0px; border: 4px solid $panel; border-bottom: none; border-top: 5px solid $dim; }
QComboBox:focus { border: 1px solid $accent; }
QComboBox QAbstractItemView { background: $panel; color: $text; selection-background-color: $selection; selection-color: $text; }
QPushButton[role="chip"] { color: $dim; background: $hover; border: 1px solid $hover; border-radius: 9px; padding: 1px 10px; }
QPushButton[role="chip"]:checked { color: $accent; border: 1px solid $accent; background: $panel; }
QPushButton[role="chip"]:focus { border: 1px solid $accent; }
QSplitter::handle { background: transparent; }
QStatusBar { background: $window; border: none; }
QStatusBar::item { border: none; }
QFrame#dropHint { background: transparent; border: 2px dashed $accent; border-radius: 6px; }
QFrame#dropHint QLabel { color: $text; background: $panel; border: 1px solid $accent; border-radius: 6px; padding: 14px 20px; }
QFrame#errorBar { background: $panel; border: 1px solid $bad; border-radius: 6px; }
QProgressBar { background: transparent; border: none; max-height: 2px; min-height: 2px; }
QProgressBar::chunk { background: $accent; }
QMenu { background: $panel; color: $text; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 4px 20px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $faint; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0px; }
QScrollBar::handle { background: $line; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }
"""
