"""What every part of an open library shares: its connection, its place, and SQLite's errors as sentences."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterable
from typing import Concatenate, ParamSpec, TypeVar

import sqlite_utils

from memstudio.experiment.parameters import Refusal
from memstudio.library import runs
from memstudio.library.connection import cannot_write, damaged, optimise, sentence
from memstudio.library.opening import Opened

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", bound="Handle")
Class = TypeVar("Class", bound=type)

#: One run or several, each by its uid or the beginning of it.
Runs = str | Iterable[str]


def _in_words(method: Callable[Concatenate[H, P], R]) -> Callable[Concatenate[H, P], R]:
    """The same method, with what SQLite found wrong as one sentence for a person."""

    @functools.wraps(method)
    def asked(self: H, /, *args: P.args, **named: P.kwargs) -> R:
        try:
            return method(self, *args, **named)
        except sqlite3.ProgrammingError:
            raise  # a closed library, another thread's: our mistake, not the file's
        except sqlite3.DatabaseError as error:
            raise Refusal(sentence(error, self.path)) from error
        except UnicodeDecodeError as error:  # sqlite3's own, of text or of a message that quotes damaged bytes
            raise Refusal(damaged(self.path, "it holds text that is none")) from error

    return asked


def all_in_words(cls: Class) -> Class:
    """Every public method of a class with SQLite's errors as Refusal, one sentence each."""
    for name, method in list(vars(cls).items()):
        if not name.startswith("_") and callable(method):
            setattr(cls, name, _in_words(method))
    return cls


class Handle:
    """An open library's connection and place."""

    def __init__(self, opened: Opened) -> None:
        self.path = opened.file
        self.folder = opened.file.parent
        self.readonly = opened.readonly
        #: sentences the person should see: a network folder, a read-only one
        self.notices = opened.notices
        self._conn = opened.conn
        self._db = sqlite_utils.Database(opened.conn, execute_plugins=False, recursive_triggers=False)

    def close(self) -> None:
        """Closes the file. May be called twice."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # it was closed before
            if not self.readonly:
                optimise(self._conn)
            self._conn.close()

    def data_version(self) -> int:
        """A number that changes whenever anyone writes to the library, we included; asking takes microseconds."""
        return int(self._conn.execute("PRAGMA data_version").fetchone()[0]) + self._conn.total_changes

    def _run(self, run: str) -> int:
        return runs.find_run(self._conn, run)

    def _runs(self, names: Runs) -> list[int]:
        """The ids of one run or several, each once, in the order given."""
        return list(dict.fromkeys(self._run(name) for name in ([names] if isinstance(names, str) else names)))

    def _study(self, study: str) -> int:
        return runs.find_study(self._conn, study)

    def _refuse_readonly(self) -> None:
        if self.readonly:
            raise Refusal(cannot_write(self.path))
