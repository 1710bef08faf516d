"""Runs that come from another library or a bundle, and runs that are sent in one."""

from __future__ import annotations

from pathlib import Path

from memstudio.library import bundling, merging
from memstudio.library.bundling import Bundled
from memstudio.library.finding import Finding
from memstudio.library.handle import Runs, all_in_words
from memstudio.library.keeping import Keeping
from memstudio.library.merging import Merged, Progress


@all_in_words
class Sending(Finding, Keeping):
    """What of an open library is about other libraries."""

    def merge(self, path: Path | str, progress: Progress | None = None) -> Merged:
        """Brings in the runs of another library (its folder or file, of any version up to ours) or of a bundle; it is not changed.

        A run that is here already is the same run: it stays, unless it had come further there. Runs that had not ended there come as
        stopped. All of it or nothing; progress may raise to stop.
        """
        self._refuse_readonly()
        return merging.merge(self._conn, self.path, Path(path).expanduser(), progress)

    def bundle(self, names: Runs, path: Path | str, *, with_artifacts: bool = True, progress: Progress | None = None) -> Bundled:
        """Writes runs and whole studies (with their trials) into one file that `merge` opens. Those in the trash are left out."""
        uids, whole = self.find(names)
        for study in list(whole):
            whole += [trials.uid for trials in self.studies(trials_of=study)]
        for study in whole:
            uids += [row.uid for row in self.runs(study=study)]
        return bundling.bundle(
            self.path, list(dict.fromkeys(uids)), whole, Path(path).expanduser(), with_artifacts=with_artifacts, progress=progress
        )
