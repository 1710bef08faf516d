"""The one question the live panels ask: everything they show, from the library, on the reader's thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from memstudio.desktop.live.curves import Form, chosen_curve, form_of, plot
from memstudio.desktop.live.forgetting import CELL, forgetting
from memstudio.desktop.live.learning import learning
from memstudio.desktop.live.over_training import MAP, OF_MAP, OF_TABLES, TABLES, map_names, table, training_map
from memstudio.desktop.live.pictured import picture
from memstudio.desktop.live.progress import GOING, cells_of, head
from memstudio.desktop.live.reading import Reading, begun, by_cell
from memstudio.desktop.live.seen import PLOTS, PictureSeen, PlotSeen, Seen, Wish
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow


#: what the chooser of smoothing says, under this in a wish: the share of all steps that a point is the mean of
SMOOTHING = "smoothing"
NO_PROBES = "Nothing but learning is measured. Wire a probe (Recall, Calibration, Memory state) to the learner to see more."


class Look:
    """Answers wishes. One for each live panel; used on the reader's thread only."""

    def __init__(self) -> None:
        self.reading = Reading()
        self._forms: dict[str, Form] = {}
        self._followed: tuple[object, ...] = ()

    def __call__(self, library: Library, wish: Wish) -> Seen:
        """Everything the panels show. Raises Refusal where a run or study is unknown, or a study has no runs."""
        if (wish.study, wish.runs) != self._followed:
            self._forms.clear()
            self._followed = (wish.study, wish.runs)
        rows = self.reading.begin(library, wish)
        if not rows:
            raise Refusal("All runs of this study are in the trash; take one out of it on the Runs page to see its curves.")
        seen_head = head(self.reading, rows)
        focus = seen_head.focus
        cells = by_cell(rows)
        last = max(row.steps or row.step for row in rows)
        self._learn_forms(rows)
        plots, shown = self._plots(cells, focus, wish, last)
        state = picture(self.reading, cells, self._forms, focus, wish.pictured, wish.chosen.get("picture", ""), wish.step)
        newest = self._newest(focus, rows)
        return Seen(
            wish=wish,
            head=seen_head,
            cells=cells_of(cells),
            plots=plots,
            picture=state,
            last=max(last, newest),
            newest=newest,
            stored=self._stored(rows, [*shown, *([state.chosen] if state else [])]),
            at=_shown_step(plots, state, wish.step),
            there=self._there(plots, state),
            hint=self._hint(rows),
        )

    def _plots(self, cells: Mapping[str, Sequence[RunRow]], focus: RunRow, wish: Wish, last: int) -> tuple[dict[str, PlotSeen], list[str]]:
        """The plots by panel, and the names of the curves that they show."""
        plots: dict[str, PlotSeen] = {}
        shown: list[str] = []
        lines = learning(self.reading, cells, focus, wish.chosen.get("learning", ""), last, _share(wish.chosen.get(SMOOTHING, "")))
        if lines is not None:
            plots["learning"] = lines
        kept = forgetting(self.reading, cells, focus, wish.chosen.get("forgetting", ""), wish.chosen.get(CELL, ""), wish.step, last)
        if kept is not None:
            plots["forgetting"] = kept.seen
            shown += kept.curves
        for panel in ("recall", "calibration", "other"):
            seen = plot(self.reading, cells, panel, self._forms, wish.chosen.get(panel, ""), wish.step, focus)
            if seen is not None:
                plots[panel] = seen
                shown.append(chosen_curve(seen.chosen)[0])
        tables = table(self.reading, cells, self._forms, focus, wish.chosen.get(TABLES, ""), wish.chosen.get(OF_TABLES, ""), wish.step)
        if tables is not None:
            plots[TABLES] = tables
            shown.append(tables.chosen)
        if MAP not in wish.closed:
            over = training_map(self.reading, cells, self._forms, focus, wish.chosen.get(MAP, ""), wish.chosen.get(OF_MAP, ""), last)
            if over is not None:
                plots[MAP] = over
        return plots, shown

    def _there(self, plots: Mapping[str, PlotSeen], state: PictureSeen | None) -> tuple[str, ...]:
        """The panels that could be shown."""
        found = {*plots, *([MAP] if map_names(self._forms) else []), *(["picture"] if state is not None else [])}
        return tuple(id for id in (*PLOTS, "picture") if id in found)

    def _hint(self, rows: Sequence[RunRow]) -> str:
        """What would show more, where no probe of a run measures anything but its learning."""
        row = next(iter(begun(rows)), None)
        if row is None or self._forms:
            return ""
        document = self.reading.once(row, "document", lambda: self.reading.library.document(row.uid))
        probed = any(node.component.startswith("probe.") and node.component != "probe.cost" for node in document.nodes)
        return "" if probed else NO_PROBES

    def _learn_forms(self, rows: Sequence[RunRow]) -> None:
        """What kinds of curves there are: one of each name is read once."""
        for row in begun(rows):
            for name in self.reading.curve_names(row):
                if name not in self._forms and (curve := self.reading.curve(row, name, None)) is not None:
                    self._forms[name] = form_of(curve)

    def _newest(self, focus: RunRow, rows: Sequence[RunRow]) -> int:
        """The newest step: of the run in focus while it goes; of all once none does."""
        if focus.state in GOING or (focus.state in ("paused", "queued") and focus.step):
            return focus.step
        return max(row.step for row in rows)

    def _stored(self, rows: Sequence[RunRow], names: Sequence[str]) -> tuple[int, ...]:
        """Every step at which one of the shown curves is stored, of any run."""
        return tuple(sorted({step for row in begun(rows) for name in names for step in self.reading.curve_steps(row, name)}))


def _shown_step(plots: Mapping[str, PlotSeen], state: PictureSeen | None, asked: int | None) -> int | None:
    """The newest of the stored steps that are shown and not after what is asked for; where all are, the first."""
    steps = [seen.step for seen in plots.values() if seen.step is not None] + ([state.step] if state is not None else [])
    by_then = [step for step in steps if asked is None or step <= asked]
    return max(by_then) if by_then else min(steps, default=None)


def _share(chosen: str) -> float:
    try:
        return min(max(float(chosen), 0.0), 1.0)
    except ValueError:
        return 0.0
