"""What the command palette offers besides the actions: nodes to go to, components to add, studies, recent files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from memstudio.desktop.canvas.summary import title_of
from memstudio.desktop.command_palette import Command
from memstudio.desktop.pages import Pages
from memstudio.desktop.shell import Shell

#: the bundled files of data
_SAMPLES = ("plants.csv", "digits.npz", "walks.csv")


def more_commands(shell: Shell, pages: Pages) -> list[Command]:
    """They are made anew each time the palette opens: it takes a millisecond or two."""
    studies = [
        Command(f"Open study: {item.document.title}", "gallery", partial(shell.open_item, item), f"{item.document.about} {item.family}")
        for item in shell.gallery
    ]
    recent = [Command(f"Open {r.title}", r.file.name, partial(shell.open_file, r.file), "recent file") for r in shell.documents.recent]
    samples = [
        Command(f"Try with a sample file: {name}", "", partial(_sample, shell, name), "own data CSV NPZ table images") for name in _SAMPLES
    ]
    return [*studies, *recent, *samples, *_nodes(shell, pages), *_components(shell, pages)]


def _nodes(shell: Shell, pages: Pages) -> Iterator[Command]:
    if not shell.documents.begun:
        return
    session = shell.session
    for node in session.document.nodes:
        title = node.title or title_of(node.component, session.catalogue)
        yield Command(f"Go to {title}", node.id, partial(_go, shell, pages, node.id), f"node {node.id} {node.component}", asked=True)


def _components(shell: Shell, pages: Pages) -> Iterator[Command]:
    if not shell.documents.begun:
        return
    for entry in shell.session.catalogue:
        words = f"component {entry.id} {entry.family.title} {' '.join(entry.component.synonyms)}"
        yield Command(f"Add {entry.title}", entry.family.title.lower(), partial(_add, shell, pages, entry.id), words, asked=True)


def _sample(shell: Shell, name: str) -> None:
    shell.sample_wanted.emit(name)


def _go(shell: Shell, pages: Pages, node: str) -> None:
    shell.page_wanted.emit("build")
    pages.build.go_to(node)


def _add(shell: Shell, pages: Pages, component: str) -> None:
    shell.page_wanted.emit("build")
    pages.build.palette_.chosen.emit(component)
