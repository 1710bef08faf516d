"""A component dragged from the palette: over a wire it fits on, it is inserted there; elsewhere it is added where it falls."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF

from memstudio.desktop.canvas.grid import corner
from memstudio.desktop.canvas.sheet import Sheet
from memstudio.desktop.canvas.wire_item import WireItem
from memstudio.desktop.palette.entries import MIME
from memstudio.experiment import joining


class Dropping:
    """A drag over the canvas, from entering to leaving or dropping."""

    def __init__(self, view: Sheet, component: str) -> None:
        self._view, self._component = view, component
        self._refused: dict[tuple[str, str], str | None] = {}

    @staticmethod
    def of(view: Sheet, carried: QMimeData) -> Dropping | None:
        """The drop of what is carried, or None when it is no component of ours."""
        if not carried.hasFormat(MIME):
            return None
        component = bytes(carried.data(MIME).data()).decode("utf-8", "replace")
        return Dropping(view, component) if component in view.session.catalogue else None

    def _wire(self, at: QPointF) -> tuple[WireItem | None, str]:
        """The wire under the pointer where the component fits on it; else why it does not."""
        item = self._view.items_of.wire_at(at)
        if item is None:
            return None, ""
        key = (item.wire.start, item.wire.end)
        if key not in self._refused:
            session = self._view.session
            self._refused[key] = joining.misplaced(session.document, self._component, *key, session.catalogue)
        refused = self._refused[key]
        return (item, "") if refused is None else (None, refused)

    def over(self, at: QPointF, pointer: QPoint) -> None:
        """Marks the wire that would take it, or says why it would not."""
        target, refused = self._wire(at)
        for item in self._view.items_of.wires.values():
            item.set_state(marked=item is target)
        self._view.say_at(pointer, refused)

    def leave(self) -> None:
        """The drag went elsewhere."""
        for item in self._view.items_of.wires.values():
            item.set_state(marked=False)
        self._view.say_at(QPoint(), "")

    def drop(self, at: QPointF) -> None:
        """Inserts or adds."""
        target, _ = self._wire(at)
        self.leave()
        if target is not None:
            self._view.insert(self._component, target.wire)
        else:
            self._view.add(self._component, corner(at))
