"""A window in a process of its own, to be killed: it opens a document, edits it, presses Run, and lives on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QTimer

from memstudio.desktop.app import application, open_window
from memstudio.experiment.files import parse
from tests.documents import recall


def main(folder: Path, steps: int) -> int:
    """Says `edited TITLE` after each edit, and `runs` once its run has been queued; never ends by itself."""
    app = application()
    window = open_window(folder)
    edits = 0

    def begin() -> None:
        window.start()
        window.show_document(parse(json.dumps(recall(steps=steps)), "small.memx"))
        window.running.started.connect(lambda submitted: say("runs", submitted.runs[0]))
        settled()

    def settled() -> None:
        if window.session.settled:
            window.build.bar.run.click()
            edit()
        else:
            QTimer.singleShot(20, settled)

    def edit() -> None:
        nonlocal edits
        edits += 1
        title = f"Edited {edits} times"
        window.session.edit("Rename", lambda document: document.model_copy(update={"title": title}))
        say("edited", title)
        QTimer.singleShot(150, edit)

    def say(*words: str) -> None:
        print(json.dumps(words), flush=True)

    window.painted.connect(begin)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
