"""The library: every run in one SQLite file, and what runs made in a folder of files named by their content.

`memstudio.library.open(path)` reads runs; series come as numpy arrays.
"""

from memstudio.library.bundling import Bundled
from memstudio.library.claims import Lease, Superseded
from memstudio.library.columns import Column
from memstudio.library.completing import Completion
from memstudio.library.filters import Problem
from memstudio.library.grouping import Average, GroupRow
from memstudio.library.library import Library, open
from memstudio.library.merging import Merged
from memstudio.library.purging import Purged
from memstudio.library.rows import (
    ArtifactRow,
    AttemptRow,
    CellRow,
    CurveAt,
    CurveAxis,
    EventRow,
    RunRow,
    Series,
    StudyRow,
    Submitted,
)
from memstudio.library.searching import Found
from memstudio.library.sizing import Size
from memstudio.library.views import View
from memstudio.library.writer import RunWriter

__all__ = [
    "ArtifactRow",
    "AttemptRow",
    "Average",
    "Bundled",
    "CellRow",
    "Column",
    "Completion",
    "CurveAt",
    "CurveAxis",
    "EventRow",
    "Found",
    "GroupRow",
    "Lease",
    "Library",
    "Merged",
    "Problem",
    "Purged",
    "RunRow",
    "RunWriter",
    "Series",
    "Size",
    "StudyRow",
    "Submitted",
    "Superseded",
    "View",
    "open",
]
