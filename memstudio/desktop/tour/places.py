"""Which control each step of the tour points at: the widget that takes the keyboard, and its place in the window."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtWidgets import QWidget

from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.live.panel import LivePanel
from memstudio.desktop.palette.entries import Heading
from memstudio.desktop.tour.steps import CHAIN, LEARNER, Step, loose, nodes_of, unset

_ABOVE, _BELOW = ("above", "below", "left", "right"), ("below", "above", "right", "left")


@dataclass(frozen=True)
class Place:
    """A control, and the part of it that is meant (in its own coordinates; None: the whole). sides: where the card had best stand."""

    widget: QWidget
    part: QRect | None = None
    focus: QWidget | None = None
    sides: tuple[str, ...] = ("right", "below", "left", "above")

    def in_window(self) -> QRect:
        """Where that is in the window; empty where it is not seen."""
        if not self.widget.isVisible():
            return QRect()
        part = self.part if self.part is not None else self.widget.rect()
        seen = part.intersected(self.widget.visibleRegion().boundingRect())
        if seen.isEmpty():
            return QRect()
        return QRect(self.widget.mapTo(self.widget.window(), seen.topLeft()), seen.size())

    def take_keyboard(self) -> QWidget:
        """The widget that the keyboard goes to."""
        return self.focus if self.focus is not None else self.widget


def place_of(step: Step, build: BuildPage, panel: LivePanel | None) -> Place:
    """Where a step points, as things stand."""
    document = build.session.document
    if step.place >= 0:
        if step.place and loose(document, step.place) is not None:
            return _node(build, nodes_of(document, step.place - 1))
        if step.id == "add2" and nodes_of(document, 1):
            return _plug(build, nodes_of(document, 1)[0], "sequence")
        return _entry(build, CHAIN[step.place][0])
    if step.id == "values":
        return _value(build)
    if step.id == "points" and panel is not None:
        return Place(panel.strip if panel.strip.isVisible() else panel, None, panel.time.slider, _ABOVE)
    if step.id == "scrub" and panel is not None:
        return Place(panel.time.slider, None, None, _ABOVE)
    if step.id in ("points", "scrub"):
        return Place(build.live_place, None, None, _ABOVE)
    return Place(build.bar.run, None, None, _BELOW)


def _entry(build: BuildPage, component: str) -> Place:
    """The component's row, where it is seen; else the field in which it can be searched."""
    palette = build.palette_
    view = palette.list.viewport()
    for row, entry in enumerate(palette.rows.rows):
        if not isinstance(entry, Heading) and entry.id == component:
            rect = palette.list.visualRect(palette.rows.index(row))
            if palette.list.isVisible() and view.rect().contains(rect):
                return Place(view, rect.adjusted(6, 1, -6, -1), palette.field)
    return Place(palette.field)


def _node(build: BuildPage, ids: list[str]) -> Place:
    view = build.canvas.view
    item = view.items_of.nodes.get(ids[0]) if ids else None
    if item is None:
        return Place(view)
    return Place(view.viewport(), view.mapFromScene(item.body).boundingRect(), view, _BELOW)


def _plug(build: BuildPage, id: str, port: str) -> Place:
    view = build.canvas.view
    item = view.items_of.nodes.get(id)
    plug = item.card.plug("out", port) if item is not None else None
    if item is None or plug is None:
        return _node(build, [id])
    at = item.place_of(plug)
    around = view.mapFromScene(QRectF(at.x() - 12, at.y() - 12, 24, 24)).boundingRect()
    return Place(view.viewport(), around, view, _BELOW)


def _value(build: BuildPage) -> Place:
    """The learner's field that is still to be set; the learner itself while it is not selected."""
    document, inspector = build.session.document, build.inspector
    learners = nodes_of(document, LEARNER)
    wanted = [f"{id}.{name}" for id in learners for name, _ in unset(document) or ()]
    rows = {row.address: row for row in inspector.findChildren(Row) if row.isVisible()}
    row = next((rows[address] for address in wanted if address in rows), None)
    if row is None:
        return _node(build, learners)
    if row.visibleRegion().boundingRect().height() < row.height():
        inspector.area.ensureWidgetVisible(row, 0, 24)
    return Place(row, QRect(QPoint(0, 0), row.size()), row.field, ("left", "below", "above"))
