"""An open document in a process of its own, to be killed: it edits ten times a second and says each edit."""

from __future__ import annotations

import json
import sys
from itertools import count
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer

from memstudio.components.catalogue import catalogue
from memstudio.desktop.journalling import Journalling
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from memstudio.experiment.files import parse
from tests.documents import recall


def main(folder: Path) -> int:
    """Never ends by itself."""
    app = QCoreApplication([])
    session = Session(catalogue())
    kept = Journalling(folder, lambda: True)
    kept.follow(session)
    session.show(parse(json.dumps(recall()), "small.memx"))
    numbers = count(1)

    def edit() -> None:
        title = f"Edited {next(numbers)} times"
        session.edit("Title", lambda document: edits.set_title(document, title))
        print(json.dumps(title), flush=True)

    timer = QTimer()
    timer.timeout.connect(edit)
    timer.start(100)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
