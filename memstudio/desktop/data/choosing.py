"""Asking for a file of data with the system's own dialog, without stopping the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from memstudio.experiment.data.records import ENDINGS


def choose_data(window: QWidget, then: Callable[[str], object]) -> None:
    """Asks for a CSV, Parquet or NPZ file and gives its path to `then`."""
    dialog = QFileDialog(window, "Use own data")
    dialog.setNameFilters([f"Data ({' '.join(f'*{ending}' for ending in ENDINGS)})", "All files (*)"])
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(then)
    dialog.open()
