"""What `data` is asked for, and the sides of cells, as the plain numbers that they are: comparing these halves the time of painting.

Read any model for the use.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
"""The parent of what has none; nobody changes it."""

DISPLAY = int(Qt.ItemDataRole.DisplayRole)
EDIT = int(Qt.ItemDataRole.EditRole)
CHECK = int(Qt.ItemDataRole.CheckStateRole)
FONT = int(Qt.ItemDataRole.FontRole)
COLOR = int(Qt.ItemDataRole.ForegroundRole)
BACK = int(Qt.ItemDataRole.BackgroundRole)
SWATCH = int(Qt.ItemDataRole.DecorationRole)
ALIGNED = int(Qt.ItemDataRole.TextAlignmentRole)
TIP = int(Qt.ItemDataRole.ToolTipRole)
SPOKEN = int(Qt.ItemDataRole.AccessibleTextRole)

RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
