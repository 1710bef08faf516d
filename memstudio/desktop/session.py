"""The experiment that is open: its history, its file, what is selected, and the facts that follow from it. No widget knows more."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop.background import Background
from memstudio.desktop.canvas.arrange import arranged
from memstudio.desktop.reader import Reader
from memstudio.desktop.stamped import Stamp, read_stamped, written_over
from memstudio.experiment import checking, inference, studies
from memstudio.experiment.checking import Problem
from memstudio.experiment.data.finding import places
from memstudio.experiment.document import Document, Node, Run
from memstudio.experiment.edit_names import said
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.history import History
from memstudio.experiment.inference import Inferred
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.stages import Stage, whole_chain
from memstudio.experiment.studies import Count

#: facts follow an edit after this many milliseconds: typing in a field or dragging a slider asks once, not at every key
PAUSE = 60


#: what a button says, and what it does
Deed = tuple[str, Callable[[], object]]


@dataclass(frozen=True)
class Facts:
    """What follows from a document: problems, inferred specs and costs, how many runs it makes, its stages (none where they are broken)."""

    document: Document
    inferred: Inferred
    problems: tuple[Problem, ...]
    count: Count
    stages: tuple[Stage, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that refuse a run."""
        return tuple(p for p in self.problems if p.severity == "error")

    def of_node(self, node: str) -> tuple[Problem, ...]:
        """The problems of one node."""
        return tuple(p for p in self.problems if p.node == node)


@dataclass(frozen=True)
class Message:
    """One sentence for the person; level: info, careful or bad; action, other: what buttons say and do."""

    text: str
    level: str = "info"
    action: Deed | None = None
    other: Deed | None = None


def derive(document: Document, catalogue: Catalogue) -> Facts:
    """All facts of a document. Plain Python, no widget, so it runs on any thread."""
    problems = tuple(checking.check(document, catalogue))
    inferred = inference.infer(document, catalogue)
    return Facts(document, inferred, problems, studies.count(document), whole_chain(document, catalogue, inferred))


def _not_guessed(document: Document) -> str:
    return ""


def wire_id(start: str, end: str) -> str:
    """What a wire is called in the selection: `a.tokens>b.tokens`."""
    return f"{start}>{end}"


def ends_of(id: str) -> tuple[str, str] | None:
    """Start and end of the wire that a selected id names, or None where it names no wire."""
    start, arrow, end = id.partition(">")
    return (start, end) if arrow else None


class Session(QObject):
    """One open document with its edit history.

    opened(Document): another document is open; document_changed(Document): also after each edit; facts_changed(Facts);
    selection_changed(tuple of ids of nodes, notes, groups, wires); file_changed(None): path or saved state; catalogue_changed(Catalogue):
    components have come or gone; message(Message).
    Edits are `apply` (a finished document) or `edit` (a function; its refusal becomes a message).
    """

    opened = Signal(object)
    document_changed = Signal(object)
    facts_changed = Signal(object)
    selection_changed = Signal(object)
    file_changed = Signal(object)
    catalogue_changed = Signal(object)
    message = Signal(object)
    #: the file was not saved, because another program has changed it since (Path)
    changed_outside = Signal(object)
    #: what is varied is to be shown
    study_asked = Signal()

    def __init__(self, catalogue: Catalogue, document: Document | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.catalogue = catalogue
        self.history = History(document or Document())
        self.path: Path | None = None
        #: what the file was like when it was read or written last, None where that is not known
        self.stamp: Stamp | None = None
        self.selected: tuple[str, ...] = ()
        self.facts = Facts(self.document, Inferred(), (), studies.count(self.document))
        #: how long the runs of a document take, in a sentence; nothing where nobody knows
        self.guess: Callable[[Document], str] = _not_guessed
        #: the library, where there is one: what runs have kept can be chosen from it
        self.reader: Reader | None = None
        self.background = Background("document", self)
        self._deriving = Background("facts", self)
        #: for what takes seconds, such as measuring a step: files and facts do not wait behind it
        self.measuring = Background("measuring", self)
        self._busy = False
        self._closed = False
        #: what a run failed with, and the node it was as it was then
        self._blamed: tuple[Problem, Node] | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._derive)
        self._pause.start()

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.history.document

    @property
    def saved(self) -> bool:
        """Whether the file (or, without one, the document as it was opened) says the same as the document."""
        return self.history.saved

    @property
    def closed(self) -> bool:
        """Whether the window has gone: what takes long stops. May be asked on any thread."""
        return self._closed

    @property
    def settled(self) -> bool:
        """Whether the facts are those of the document as it is now."""
        return self.facts.document is self.document

    # ------------------------------------------------------------------------------------------ edits

    def apply(self, name: str, document: Document, merge: Hashable | None = None) -> None:
        """Makes this the document, as one step of the history; successive steps with the same merge key become one."""
        if document == self.document:
            return
        self.history.apply(said(name, self.document, document, self.catalogue), document, merge)
        self._changed()

    def edit(self, name: str, change: Callable[[Document], Document], merge: Hashable | None = None) -> bool:
        """Applies a change; where it is refused nothing changes and the reason is said. Returns whether it was done."""
        sentence = self.try_edit(name, change, merge)
        if sentence is not None:
            self.message.emit(Message(sentence, "bad"))
        return sentence is None

    def try_edit(self, name: str, change: Callable[[Document], Document], merge: Hashable | None = None) -> str | None:
        """The same for callers who show the reason themselves: the sentence, or None when it was done."""
        try:
            document = change(self.document)
        except Refusal as refusal:
            return str(refusal)
        self.apply(name, document, merge)
        return None

    def undo(self) -> None:
        """Takes the last edit back."""
        if self.history.can_undo:
            self.history.undo()
            self._changed()

    def redo(self) -> None:
        """Does the edit again that was taken back last."""
        if self.history.can_redo:
            self.history.redo()
            self._changed()

    def go_to(self, index: int) -> None:
        """To one of the states of the history, by its place in `history.entries`."""
        if index != self.history.index:
            self.history.go_to(index)
            self._changed()

    def _changed(self) -> None:
        document = self.document
        known = {node.id for node in document.nodes} | {note.id for note in document.notes} | {group.id for group in document.groups}
        known |= {wire_id(wire.start, wire.end) for wire in document.wires}
        kept = tuple(id for id in self.selected if id in known)
        gone, self.selected = kept != self.selected, kept
        self.document_changed.emit(document)
        if gone:
            self.selection_changed.emit(kept)
        self.file_changed.emit(None)
        self._pause.start()

    def join(self, catalogue: Catalogue) -> None:
        """Works with another catalogue from now on: add-ons have joined, or left."""
        if catalogue is not self.catalogue:
            self.catalogue = catalogue
            self.catalogue_changed.emit(catalogue)
            self._pause.start()

    # ------------------------------------------------------------------------------------------ selection

    def select(self, ids: Sequence[str]) -> None:
        """Makes these nodes (or notes, or groups) the selection, in this order."""
        selected = tuple(dict.fromkeys(ids))
        if selected != self.selected:
            self.selected = selected
            self.selection_changed.emit(selected)

    # ------------------------------------------------------------------------------------------ facts

    def blame(self, problem: Problem | None) -> None:
        """Marks a node with what a run failed with there (None: nothing more), until it is changed or something else is blamed."""
        self._blamed = None if problem is None or problem.node is None else (problem, self.document.node(problem.node))
        self._pause.start()

    def _with_blame(self, facts: Facts) -> Facts:
        if self._blamed is None:
            return facts
        problem, node = self._blamed
        if facts.document.by_id.get(problem.node or "") != node:
            return facts
        return replace(facts, problems=(*facts.problems, problem))

    def _derive(self) -> None:
        if self._closed:
            return
        if self._busy:
            self._pause.start()
            return
        document, catalogue = self.document, self.catalogue
        self._busy = True
        self._deriving.do(lambda: derive(document, catalogue), self._derived, self._not_derived)

    def _derived(self, facts: Facts) -> None:
        self._busy = False
        if facts.document is self.document:
            self.facts = self._with_blame(facts)
            self.facts_changed.emit(self.facts)
        else:
            self._pause.start()

    def _not_derived(self, sentence: str) -> None:
        self._busy = False
        self.message.emit(Message(sentence, "bad"))

    # ------------------------------------------------------------------------------------------ files

    def show(self, document: Document, path: Path | None = None, stamp: Stamp | None = None) -> None:
        """Opens a document that was read already (a gallery study, a run's document); path: the file it is saved to."""
        self.restore(History(arranged(document, self.catalogue)), path, stamp)

    def restore(self, history: History, path: Path | None = None, stamp: Stamp | None = None) -> None:
        """Opens a document with its history, as it was before a crash or before another was opened."""
        self.history, self.stamp, self.selected = history, stamp, ()
        self._is_at(path)
        self._blamed = None
        self.selection_changed.emit(())
        self._changed()
        self.opened.emit(self.document)

    def _is_at(self, path: Path | None) -> None:
        """The file of the document; beside it files of data are looked for first."""
        self.path = path
        places.document = None if path is None else path.absolute().parent

    def new(self, device: str = "auto") -> None:
        """An empty document. device: where it is to run."""
        self.show(Document() if device == "auto" else Document(run=Run(device=device)))

    def open(self, path: Path | str, then: Callable[[], Any] | None = None) -> None:
        """Reads a file away from the window's thread and shows it; what is wrong with it becomes one sentence."""
        file = Path(path)

        def opened(read: tuple[Document, Stamp | None]) -> None:
            self.show(read[0], file, read[1])
            if then is not None:
                then()

        self.background.do(lambda: read_stamped(file), opened, self._say_bad)

    def save(self, then: Callable[[], Any] | None = None) -> bool:
        """Writes the document to its file. False when it has none yet: then `save_as` needs a name."""
        if self.path is None:
            return False
        self.save_as(self.path, then)
        return True

    def save_as(self, path: Path | str, then: Callable[[], Any] | None = None, *, over: bool = False) -> None:
        """Writes the document to a file (atomically, with a backup) away from the window's thread.

        over: also where another program has changed our file meanwhile; else `changed_outside` says so and nothing is written.
        """
        file = Path(path)
        file = file if file.suffix else file.with_suffix(".memx")
        document, history = self.document, self.history
        expected = self.stamp if file == self.path and not over else None
        # Marked now, not when it is written: what is edited meanwhile is then unsaved, as it should be.
        history.mark_saved()

        def written(stamp: Stamp | None) -> None:
            if stamp is None:
                not_marked()
                self.changed_outside.emit(file)
                return
            if self.history is history:
                self._is_at(file)
                self.stamp = stamp
            self.file_changed.emit(None)
            self.message.emit(Message(f"Saved as {file.name}."))
            if then is not None:
                then()

        def not_written(sentence: str) -> None:
            not_marked()
            self._say_bad(sentence)

        def not_marked() -> None:
            history.mark_unsaved()
            self.file_changed.emit(None)

        self.background.do(lambda: written_over(document, file, expected), written, not_written)

    def _say_bad(self, sentence: str) -> None:
        self.message.emit(Message(sentence, "bad"))

    def close(self) -> None:
        """Ends the threads; files being written are finished."""
        self._closed = True
        self._pause.stop()
        self.background.close(finish=True)
        self._deriving.close()
        self.measuring.close()
