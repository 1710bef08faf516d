"""Mends of files: another file is asked for, or the one that is there looked over, away from the window's thread; then one edit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from memstudio.desktop.data.choosing import choose_data
from memstudio.desktop.session import Message, Session
from memstudio.experiment.data import finding
from memstudio.experiment.data.adding import take_file
from memstudio.experiment.data.file_problems import CHOOSE
from memstudio.experiment.data.looking import chosen
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Mend, Problem


def mend_file(window: QWidget, session: Session, problem: Problem, mend: Mend) -> None:
    """Does a mend that asks for a file (`mend.asks`)."""
    if problem.node is None or problem.parameter is None:
        return
    take = partial(_take, session, problem.node, problem.parameter, mend.title)
    if mend.asks == CHOOSE:
        choose_data(window, take)
        return
    value = session.document.node(problem.node).values.get(problem.parameter)
    session.background.do(partial(_there, value if isinstance(value, Mapping) else {}), take, partial(_say, session))


def _there(file: Mapping[str, Any]) -> str:
    found = next((path for path in finding.candidates(file) if path.is_file()), None)
    if found is None:
        raise Refusal("The file is gone by now; choose it.")
    return str(found)


def _take(session: Session, node: str, parameter: str, title: str, path: str) -> None:
    session.message.emit(Message(f"{Path(path).name} is being looked over."))
    session.background.do(partial(chosen, path), partial(_put, session, node, parameter, title), partial(_say, session))


def _put(session: Session, node: str, parameter: str, title: str, value: Any) -> None:
    change = partial(take_file, id=node, value=value, catalogue=session.catalogue, parameter=parameter)
    if session.edit(title, change):
        session.message.emit(Message(f"{Path(value['path']).name} is taken as it is now."))


def _say(session: Session, sentence: str) -> None:
    session.message.emit(Message(sentence, "bad"))
