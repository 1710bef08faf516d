"""Every action of the window in one table: menus, buttons, command palette and keyboard help are all made from it.

A row says what the action is; a page says what it does: `actions.bind("edit.undo", session.undo)`. What nothing is bound to is
shown nowhere. A page that needs another action adds a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from memstudio.desktop import icons, theme
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr


@dataclass(frozen=True)
class Row:
    """One action: id, name as menus show it, keys, one sentence of help, icon, menu, and the page where its keys work.

    page: "" means everywhere in the window.
    """

    id: str
    name: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    menu: str = ""
    page: str = ""


MENUS = ("Go", "File", "Edit", "Canvas", "Run", "Runs", "View", "Help")

TABLE: tuple[Row, ...] = (
    Row("go.home", "Home", ("Ctrl+1",), "The gallery, recent files and what is still running.", "home", "Go"),
    Row("go.build", "Build", ("Ctrl+2",), "Put an experiment together.", "build", "Go"),
    Row("go.runs", "Runs", ("Ctrl+3",), "Every run in the library.", "runs", "Go"),
    Row("go.compare", "Compare", ("Ctrl+4",), "Runs beside each other: in words, curves, measures, and what differs.", "compare", "Go"),
    Row("go.settings", "Settings", ("Ctrl+,",), "Theme, library, keyboard.", "settings", "Go"),
    Row("file.new", "New experiment", ("Ctrl+N",), "Start from an empty canvas.", "new", "File"),
    Row("file.open", "Open…", ("Ctrl+O",), "Open an experiment file (.memx).", "open", "File"),
    Row("file.data", "Use own data…", ("Ctrl+Shift+D",), "Preview a table or arrays of your own (CSV, Parquet, NPZ).", "open", "File"),
    Row("file.save", "Save", ("Ctrl+S",), "Save the experiment to its file.", "save", "File"),
    Row("file.save_as", "Save as…", ("Ctrl+Shift+S",), "Save the experiment to another file.", "save", "File"),
    Row("edit.undo", "Undo", ("Ctrl+Z",), "Take the last edit back.", "undo", "Edit", "build"),
    Row("edit.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do the edit again that was taken back last.", "redo", "Edit", "build"),
    Row("edit.history", "Edits…", ("Ctrl+Alt+Z",), "Every state that can be gone back or forward to.", "", "Edit", "build"),
    Row("edit.cut", "Cut", ("Ctrl+X",), "Move what is selected to the clipboard.", "cut", "Edit", "canvas"),
    Row("edit.copy", "Copy", ("Ctrl+C",), "Copy what is selected.", "copy", "Edit", "canvas"),
    Row("edit.paste", "Paste", ("Ctrl+V",), "Paste components, with new names.", "paste", "Edit", "canvas"),
    Row("edit.duplicate", "Duplicate", ("Ctrl+D",), "Copy and paste in one.", "copy", "Edit", "canvas"),
    Row("edit.delete", "Delete", ("Del", "Backspace"), "Remove what is selected.", "trash", "Edit", "canvas"),
    Row("edit.select_all", "Select all", ("Ctrl+A",), "Select every component.", "", "Edit", "canvas"),
    Row("canvas.add", "Add a component…", ("Tab",), "Add by typing a name, an author or a word of an equation.", "new", "Canvas", "canvas"),
    Row("canvas.wires", "Wires…", ("W",), "Connect the selected component, or take its wires off.", "", "Canvas", "canvas"),
    Row(
        "canvas.connect",
        "Connect to…",
        ("C",),
        "Every port that fits the selected component, and why others do not.",
        "",
        "Canvas",
        "canvas",
    ),
    Row(
        "canvas.insert",
        "Insert on the wire…",
        ("I",),
        "Put a component on the selected wire, or behind the component.",
        "",
        "Canvas",
        "canvas",
    ),
    Row(
        "canvas.detach", "Detach", ("X",), "Take it out of its wires; what was before is joined with what is after.", "", "Canvas", "canvas"
    ),
    Row(
        "canvas.rename",
        "Rename",
        ("F2",),
        "Another name for the selected component or group, typed where it stands.",
        "",
        "Canvas",
        "canvas",
    ),
    Row("canvas.fit", "Zoom to fit", ("F",), "Show the whole experiment.", "fit", "Canvas", "canvas"),
    Row("canvas.fit_selection", "Zoom to selection", ("Shift+F",), "Show what is selected as large as it can be.", "", "Canvas", "canvas"),
    Row("canvas.zoom_in", "Zoom in", ("Ctrl++", "Ctrl+="), "Closer.", "zoom-in", "Canvas", "build"),
    Row("canvas.zoom_out", "Zoom out", ("Ctrl+-",), "Further away.", "zoom-out", "Canvas", "build"),
    Row("canvas.actual", "Actual size", ("Ctrl+0",), "One point of the drawing to one of the screen.", "", "Canvas", "build"),
    Row("canvas.align", "Arrange", ("Ctrl+L",), "Put the components in order from left to right.", "arrange", "Canvas", "build"),
    Row("canvas.row", "Line up in a row", ("H",), "Straighten: the middles at the height of the first selected.", "", "Canvas", "canvas"),
    Row(
        "canvas.column",
        "Line up in a column",
        ("V",),
        "Straighten: the middles above each other, as the first stands.",
        "",
        "Canvas",
        "canvas",
    ),
    Row("canvas.across", "Spread evenly across", ("Shift+H",), "The same gap between each and the next.", "", "Canvas", "canvas"),
    Row("canvas.down", "Spread evenly down", ("Shift+V",), "The same gap between each and the next.", "", "Canvas", "canvas"),
    Row("canvas.group", "Group", ("Ctrl+G",), "Put what is selected into a group.", "group", "Canvas", "canvas"),
    Row(
        "canvas.ungroup",
        "Ungroup",
        ("Ctrl+Shift+G",),
        "Take the group apart, or the selected components out of theirs.",
        "",
        "Canvas",
        "canvas",
    ),
    Row("canvas.fold", "Fold or unfold the group", ("Shift+G",), "Show the group as one card, or open it.", "", "Canvas", "canvas"),
    Row(
        "canvas.outline",
        "Outline",
        ("Ctrl+Shift+O",),
        "The experiment as a list, to go through and change by keyboard.",
        "",
        "View",
        "build",
    ),
    Row("canvas.note", "Add a note", ("Ctrl+Shift+N",), "Write on the canvas.", "note", "Canvas", "canvas"),
    Row("run.start", "Run", ("Ctrl+R", "F5"), "Run the experiment or the whole study.", "play", "Run"),
    Row(
        "run.card",
        "What Run does…",
        ("Shift+F5",),
        "Runs, cells and seeds, how long, on which device, with how many workers.",
        "",
        "Run",
        "build",
    ),
    Row("run.study", "Study…", ("F7",), "What is varied, seeds, budgets, and when it ends early.", "", "Run", "build"),
    Row("run.queue", "Queue", ("Ctrl+J",), "What runs and waits, in order; move, pause, stop, retry.", "runs", "Run"),
    Row("run.check", "Problems", ("F8",), "Go to the next problem.", "warning", "Run", "build"),
    Row("live.follow", "Follow the newest step", ("Ctrl+Shift+F",), "Let the live panels stay with the newest step.", "", "Run", "build"),
    Row("live.earlier", "Earlier stored step", ("Alt+Left",), "Scrub the live panels back by one stored step.", "", "Run", "build"),
    Row("live.later", "Later stored step", ("Alt+Right",), "Scrub the live panels forward by one stored step.", "", "Run", "build"),
    Row(
        "live.pause",
        "Pause what is shown live",
        ("Ctrl+Shift+P",),
        "Save a checkpoint and pause; it can go on later.",
        "pause",
        "Run",
        "build",
    ),
    Row("live.resume", "Resume what is shown live", (), "Go on from the last checkpoint.", "play", "Run", "build"),
    Row("live.stop", "Stop what is shown live", (), "End it here; what was measured is kept.", "stop", "Run", "build"),
    Row("live.panels", "Live panels…", ("Alt+Shift+P",), "Which live panels are shown, and in how many rows.", "", "View", "build"),
    Row(
        "live.rows",
        "Live panels in one row or two",
        ("Alt+Shift+R",),
        "Put the live panels into two rows, or back into one.",
        "",
        "View",
        "build",
    ),
    Row("live.panel_left", "Move the live panel left", ("Alt+Shift+Left",), "The one that has the keyboard.", "", "View", "build"),
    Row("live.panel_right", "Move the live panel right", ("Alt+Shift+Right",), "The one that has the keyboard.", "", "View", "build"),
    Row("live.panel_up", "Move the live panel a row up", ("Alt+Shift+Up",), "The one that has the keyboard.", "", "View", "build"),
    Row("live.panel_down", "Move the live panel a row down", ("Alt+Shift+Down",), "The one that has the keyboard.", "", "View", "build"),
    Row(
        "live.panel_wider",
        "Make the live panel wider",
        ("Alt+Shift++", "Alt+Shift+="),
        "The one that has the keyboard.",
        "",
        "View",
        "build",
    ),
    Row("live.panel_narrower", "Make the live panel narrower", ("Alt+Shift+-",), "The one that has the keyboard.", "", "View", "build"),
    Row("live.panel_close", "Close the live panel", ("Alt+Shift+W",), "Live panels brings it back.", "", "View", "build"),
    Row("runs.pause", "Pause", (), "Save a checkpoint and pause the selected runs; they can go on later.", "pause", "Runs", "runs"),
    Row("runs.resume", "Resume", (), "Go on from the last checkpoint.", "play", "Runs", "runs"),
    Row("runs.retry", "Try again", (), "Queue runs once more that failed, were lost or stopped.", "play", "Runs", "runs"),
    Row("runs.stop", "Stop", (), "End the selected runs here; what they measured is kept.", "stop", "Runs", "runs"),
    Row("runs.open", "Open in Build", ("Ctrl+Return",), "Open the run's experiment as an unsaved copy.", "build", "Runs", "runs"),
    Row("runs.compare", "Compare", ("C",), "Compare the selected runs, or all runs of the study.", "compare", "Runs", "runs"),
    Row(
        "runs.curves",
        "Show curves",
        ("Ctrl+Shift+Return",),
        "Show what the selected runs measured, in Build's live panels.",
        "curve",
        "Runs",
        "runs",
    ),
    Row(
        "runs.study_curves",
        "Show curves of the study",
        (),
        "Show all runs of the run's study in Build's live panels.",
        "curve",
        "Runs",
        "runs",
    ),
    Row("runs.star", "Star", ("S",), "Mark the selected runs.", "star", "Runs", "runs"),
    Row("runs.baseline", "Make it the baseline", ("Shift+B",), "The run that others are compared with.", "", "Runs", "runs"),
    Row("runs.tags", "Tags…", ("T",), "Give the selected runs tags, or take them away.", "", "Runs", "runs"),
    Row(
        "runs.trash",
        "Put into the trash",
        ("Del",),
        "They wait there until they are restored or deleted for good.",
        "trash",
        "Runs",
        "runs",
    ),
    Row("runs.restore", "Restore", (), "Take the selected runs out of the trash.", "undo", "Runs", "runs"),
    Row("runs.delete", "Delete for good…", ("Shift+Del",), "Delete what is in the trash; asked about before.", "trash", "Runs", "runs"),
    Row("runs.show_trash", "Show the trash", (), "What was put into the trash, and back.", "trash", "Runs", "runs"),
    Row("runs.merge", "Take in another library…", (), "Take in the runs of a bundle or of another library.", "open", "Runs", "runs"),
    Row("runs.report", "Report…", (), "Write a report about the selected runs, or the study, as one web page.", "save", "Runs", "runs"),
    Row("runs.export", "Export their models…", (), "Write the newest model of each selected run as files.", "save", "Runs", "runs"),
    Row(
        "runs.bundle",
        "Bundle to send…",
        (),
        "Write the selected runs, or the study, into one file that opens anywhere.",
        "save",
        "Runs",
        "runs",
    ),
    Row("runs.bundle_small", "Bundle without files…", (), "The same without models and checkpoints.", "save", "Runs", "runs"),
    Row(
        "runs.save_csv",
        "Save the table as CSV…",
        (),
        "The selected runs, or all that are listed, with full figures.",
        "save",
        "Runs",
        "runs",
    ),
    Row("runs.save_md", "Save the table as Markdown…", (), "The selected runs, or all that are listed.", "save", "Runs", "runs"),
    Row("runs.save_tex", "Save the table as LaTeX…", (), "The selected runs, or all that are listed.", "save", "Runs", "runs"),
    Row(
        "runs.complete",
        "Complete the filter",
        ("Ctrl+Space",),
        "What can stand next in the filter; examples where it is empty.",
        "",
        "Runs",
        "runs",
    ),
    Row("runs.views", "Saved views…", ("V",), "Filter, order, columns and groups under a name.", "filter", "View", "runs"),
    Row("runs.sort", "Sort by…", ("O",), "Sort the runs by a column, or turn their order round.", "", "View", "runs"),
    Row("runs.group", "Group the runs…", ("G",), "Put runs together that agree, with mean and spread.", "group", "View", "runs"),
    Row("runs.columns", "Choose columns…", (), "Which columns the table shows.", "columns", "View", "runs"),
    Row("view.search", "Search", ("Ctrl+F",), "Go to the search field of this page.", "search", "View"),
    Row("view.messages", "Messages", ("Ctrl+Shift+M",), "The last messages, to copy or to act on.", "info", "View"),
    Row("view.theme", "Light or dark", ("Ctrl+Shift+L",), "Change between the light and the dark theme.", "theme", "View"),
    Row("view.contrast", "High contrast", ("Ctrl+Shift+H",), "More contrast for text and lines, and back.", "contrast", "View"),
    Row("view.larger", "Larger text", ("Ctrl+Alt++", "Ctrl+Alt+="), "Type and controls one size larger.", "larger", "View"),
    Row("view.smaller", "Smaller text", ("Ctrl+Alt+-",), "Type and controls one size smaller.", "smaller", "View"),
    Row("view.usual", "Usual text size", ("Ctrl+Alt+0",), "Type and controls as large as they were drawn.", "", "View"),
    Row("view.next_area", "Next area", ("F6",), "Move the keyboard to the next part of the page.", "", "View"),
    Row("view.previous_area", "Previous area", ("Shift+F6",), "Move the keyboard to the part before.", "", "View"),
    Row("help.palette", "All commands…", ("Ctrl+K",), "Find any command by typing.", "search", "Help"),
    Row("help.tour", "Guided tour", ("Shift+F1",), "Build and run a first experiment, step by step, in two minutes.", "info", "Help"),
    Row("help.keys", "Keyboard", ("F1", "Ctrl+/"), "Every key and what it does.", "keyboard", "Help"),
    Row("help.report", "Report a problem…", (), "Collect what helps to find it; you see all of it before you save it.", "", "Help"),
    Row("app.quit", "Quit", ("Ctrl+Q",), "Close the window. Runs go on.", "close", "File"),
)

BY_ID = {row.id: row for row in TABLE}


class Actions(QObject):
    """The actions that are bound, as QActions. Keys of a page's actions work while that page's widget has the focus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, QAction] = {}
        theme.themed.connect(self._retint)

    def bind(self, id: str, call: Callable[[], object], where: QWidget | None = None) -> QAction:
        """Says what an action does, and returns its QAction (enable it, check it, put it into a toolbar).

        where: the keys work while this widget or a child has the focus; None: everywhere in the window. KeyError for an
        id that is not in the table.
        """
        row = BY_ID[id]
        action = QAction(tr(row.name), self)
        action.setObjectName(id)
        action.setToolTip(f"{tr(row.tip)} {keys_text(row)}".strip())
        action.setStatusTip(tr(row.tip))
        action.setShortcuts([QKeySequence(key) for key in row.keys])
        if row.icon:
            action.setIcon(icons.icon(row.icon, theme.current()))
        action.triggered.connect(partial(_without_arguments, call))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut if where is None else Qt.ShortcutContext.WidgetWithChildrenShortcut)
        (self._window if where is None else where).addAction(action)
        self._actions[id] = action
        return action

    def __getitem__(self, id: str) -> QAction:
        return self._actions[id]

    def __contains__(self, id: str) -> bool:
        return id in self._actions

    def bound(self) -> Iterator[tuple[Row, QAction]]:
        """Every bound action with its row, in the table's order."""
        for row in TABLE:
            if row.id in self._actions:
                yield row, self._actions[row.id]

    def fill(self, menu: QMenu) -> None:
        """Fills a menu with one sub-menu for each group that has bound actions."""
        for title in MENUS:
            rows = [action for row, action in self.bound() if row.menu == title]
            if rows:
                menu.addMenu(tr(title)).addActions(rows)

    def _retint(self, tokens: Tokens) -> None:
        for id, action in self._actions.items():
            if BY_ID[id].icon:
                action.setIcon(icons.icon(BY_ID[id].icon, tokens))


def _without_arguments(call: Callable[[], object], checked: bool = False) -> None:
    call()


def keys_text(row: Row) -> str:
    """The first key as this system writes it, or nothing."""
    return QKeySequence(row.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if row.keys else ""
