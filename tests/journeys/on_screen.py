"""The real window on a real screen, which answers where things are and what the document says; questions come in as lines of JSON.

Run as a program by the journeys under Xvfb: the mouse and the keyboard are theirs, this only looks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSocketNotifier
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from memstudio.desktop import theme
from memstudio.desktop.app import application
from memstudio.desktop.window import Window
from memstudio.experiment.files import to_text
from memstudio.ground.settings import Settings


class Looker:
    """Answers questions about a window. A rectangle is [left, top, width, height] on the screen."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, window)
        self._notifier.activated.connect(self._asked)

    def _asked(self) -> None:
        text = sys.stdin.readline()
        if not text:
            self.window.close()
            return
        what, *details = json.loads(text)
        print(json.dumps(getattr(self, f"tell_{what}")(*details)), flush=True)

    def tell_widget(self, name: str) -> list[int] | None:
        """The visible control with this accessible name or text."""
        for widget in sorted(QApplication.allWidgets(), key=lambda one: not isinstance(one, QLineEdit | QAbstractButton)):
            words = {widget.accessibleName(), widget.text() if isinstance(widget, QAbstractButton) else ""}
            if name in words and widget.isVisible() and widget.visibleRegion().boundingRect().isValid():
                return _rect(widget, widget.visibleRegion().boundingRect())
        return None

    def tell_node(self, component: str) -> list[int] | None:
        """The card of the first node of a component."""
        node = next((node for node in self.window.session.document.nodes if node.component == component), None)
        if node is None:
            return None
        view = self.window.build.canvas.view
        return _rect(view.viewport(), view.mapFromScene(view.items_of.nodes[node.id].body).boundingRect())

    def tell_plug(self, component: str, port: str, side: str) -> list[int]:
        """The middle of a plug, as a rectangle of one point."""
        node = next(node for node in self.window.session.document.nodes if node.component == component)
        view = self.window.build.canvas.view
        item = view.items_of.nodes[node.id]
        plug = item.card.plug(side, port)
        assert plug is not None
        return _rect(view.viewport(), QRect(view.mapFromScene(item.place_of(plug)), view.mapFromScene(item.place_of(plug))))

    def tell_void(self) -> list[int]:
        """An empty place of the canvas."""
        view = self.window.build.canvas.view
        corner = QPoint(view.viewport().width() - 60, view.viewport().height() - 120)
        return _rect(view.viewport(), QRect(corner, corner))

    def tell_document(self) -> Any:
        """The document as its file would say it."""
        return json.loads(to_text(self.window.session.document))

    def tell_state(self) -> dict[str, Any]:
        """What a person reads: page, problems, message, whether facts are up to date, how many points the live panels have."""
        live = self.window.stack.made("build") is not None and self.window.live.panel.isVisible()
        said = self.window.messages.said
        return {
            "page": self.window.page_name,
            "settled": self.window.session.settled,
            "problems": [problem.reason for problem in self.window.session.facts.problems],
            "selected": list(self.window.session.selected),
            "message": "" if said is None else str(getattr(said, "text", said)),
            "live": live,
            "panels": [id for id, frame in self.window.live.panel.strip.panels.items() if frame.isVisible()] if live else [],
        }


def _rect(widget: QWidget, box: QRect) -> list[int]:
    corner = widget.mapToGlobal(box.topLeft())
    return [corner.x(), corner.y(), box.width(), box.height()]


def main(folder: Path) -> int:
    """Opens the window on a library of its own and answers until it is closed."""
    app = application()
    theme.set_theme("light")
    window = Window(folder / "library", Settings(folder / "settings.json"))
    window.resize(1360, 860)
    window.show()
    window.start()
    window.warm()
    looker = Looker(window)
    print(json.dumps("open"), flush=True)
    code = app.exec()
    del looker
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
