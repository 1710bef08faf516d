"""Figures: their sizes, their type, their data, the same bytes every time, and words of a person that stay words."""

from __future__ import annotations

import csv
import io
import re
import struct
import xml.etree.ElementTree as ET
import zlib

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Axis, Case
from memstudio.experiment.parameters import Refusal
from memstudio.library import Library, RunWriter
from memstudio.report import sheet
from memstudio.report.lines import by_factors
from memstudio.report.page import page
from memstudio.report.plate import Plate
from memstudio.report.plates import names, plate, worth_showing
from memstudio.report.tables import written
from tests.library.compared import diagram, line, matrix, study
from tests.report.conftest import HOSTILE, Made, gallery_document, make
from tests.report.test_markup import Read

EVERY = ("study", "recall_by_load", "reliability", "accuracy_matrix", "forgetting_curves", "loss[split=train]")
_SVG = "{http://www.w3.org/2000/svg}"


def figure(made: Made, name: str, kind: str = "") -> Plate:
    return plate(made.library, made.asked, name, kind=kind, known=catalogue())


def texts(svg: bytes) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(svg).iter(f"{_SVG}text")]


def rows(made: Plate) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.data)))


@pytest.mark.parametrize("name", EVERY)
def test_every_figure_is_drawn_at_its_width_in_every_kind(made: Made, name: str) -> None:
    one = figure(made, name)
    for width in sheet.WIDTHS:
        head = ET.fromstring(one.file("svg", width))
        assert float(head.attrib["width"].removesuffix("pt")) == pytest.approx(width / 25.4 * 72, abs=0.01)
    page = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", one.file("pdf", 85))
    assert page is not None
    assert float(page.group(1)) == pytest.approx(85 / 25.4 * 72, abs=0.01)
    picture = one.file("png", 120, 300)
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">I", picture[16:20])[0] == pytest.approx(120 / 25.4 * 300, abs=1)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_figure_is_the_same_bytes(made: Made, name: str) -> None:
    one, again = figure(made, name), figure(made, name)
    for kind in sheet.FIGURES if name == "reliability" else ("svg",):
        assert one.file(kind) == again.file(kind)
    assert one.data == again.data


def test_text_is_text_and_its_letters_are_embedded(made: Made) -> None:
    svg = figure(made, "recall_by_load").file("svg")
    assert {"attention", "delta rule", "gated delta rule", "Items to remember (pairs)", "Recall", "chance"} <= set(texts(svg))
    assert b"@font-face{font-family:Inter" in svg
    assert b"<image" not in svg


def test_a_pdf_embeds_truetype_and_nothing_else(made: Made) -> None:
    pdf = figure(made, "recall_by_load").file("pdf")
    whole = pdf + b"".join(_streams(pdf))
    assert b"/FontFile2" in whole
    assert b"/Type3" not in whole
    assert b"Inter-Regular" in whole
    assert b"CreationDate" not in whole


def _streams(pdf: bytes) -> list[bytes]:
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(match.group(1)))
        except zlib.error:
            continue
    return found


def test_the_data_beside_are_what_is_drawn(made: Made) -> None:
    table = rows(figure(made, "recall_by_load"))
    assert [one["group"] for one in table] == ["attention"] * 2 + ["delta rule"] * 2 + ["gated delta rule"] * 2
    assert list(table[0]) == ["group", "load", "mean", "low", "high", "n"]
    first = table[0]
    assert (float(first["load"]), float(first["mean"]), int(first["n"])) == (2, 0.9, 3)
    assert float(first["low"]) <= 0.9 <= float(first["high"])
    # a run of the third memory failed
    assert {one["n"] for one in table if one["group"] == "gated delta rule"} == {"2"}


def test_data_of_diagrams_and_matrices(made: Made) -> None:
    diagram = rows(figure(made, "reliability"))
    assert [float(one["n"]) for one in diagram[:3]] == [12, 90, 180]
    matrix = rows(figure(made, "accuracy_matrix"))
    # what is not known is no row
    assert len(matrix) == 3 * 8
    assert [one["after task"] for one in matrix[:3]] == ["1", "1", "2"]


def test_a_study_of_two_axes_is_a_heat_map_lines_or_dots(two_axes: Made) -> None:
    for kind, expected in (("heat", "attention"), ("lines", "delta rule"), ("dots", "attention")):
        one = figure(two_axes, "study", kind)
        assert expected in texts(one.file("svg", 120))
        assert [row["heads"] for row in rows(one)] == ["1", "2", "4"] * 2
    heat = figure(two_axes, "study", "heat").file("svg", 120)
    assert any("±" in text for text in texts(heat)) or b"\xc2\xb1" in heat


def test_hostile_words_stay_words(hostile: Made) -> None:
    for name in EVERY:
        one = figure(hostile, name)
        svg = one.file("svg")
        root = ET.fromstring(svg)
        assert not [element for element in root.iter() if element.tag.endswith("script")]
        assert b"\x07" not in svg
        assert one.file("pdf")
        assert one.file("png")
    # no mathematics is made of it
    assert any("$x^2$" in text for text in texts(figure(hostile, "recall_by_load").file("svg", 175)))
    assert rows(figure(hostile, "recall_by_load"))[0]["group"].startswith(HOSTILE.splitlines()[0])


def test_a_legend_reads_across_and_never_leaves_the_sheet() -> None:
    assert sheet._across(4, 3) == [0, 3, 1, 2]
    assert sheet._across(5, 3) == [0, 3, 1, 4, 2]
    assert sheet._across(6, 3) == [0, 3, 1, 4, 2, 5]
    with sheet.printing():
        made = sheet.blank(85, 50)
        sheet.name_lines(made, [(i, "a very long label " * 20) for i in range(40)])
        made.canvas.draw()
        box = made.legends[0].get_window_extent()
        assert box.x1 <= made.bbox.x1 + 1
        assert len(made.legends[0].get_texts()) == sheet.MOST_NAMED + 1
        assert "and 16 more" in [one.get_text() for one in made.legends[0].get_texts()]


def test_a_long_legend_is_cut_in_the_middle_of_its_names() -> None:
    assert sheet.in_the_middle("a memory with a rather long name, number 7", 24) == "a memory wit…e, number 7"
    assert sheet.in_the_middle("short", 24) == "short"
    with sheet.printing():
        made = sheet.blank(120, 50)
        sheet.name_lines(made, [(i, f"a memory with a rather long name, number {i}") for i in range(20)])
        texts = [one.get_text() for one in made.legends[0].get_texts()]
        assert len(set(texts)) == 20
        assert made.legends[0]._ncols > 1


def test_many_groups_have_a_panel_as_far_as_there_is_room(lib: Library) -> None:
    document = gallery_document(1)
    cases = [Case(label=f"width {i}", set={"mem1.key_width": i}) for i in range(1, 15)]
    run = document.run.model_copy(update={"vary": [Axis(name="width", cases=cases)]})
    many = make(lib, document.model_copy(update={"run": run}))
    for name in ("reliability", "accuracy_matrix", "forgetting_curves"):
        one = figure(many, name)
        assert one.caption.endswith("The first 12 of 14 groups; the data beside have all.")
        titles = [text for text in texts(one.file("svg", 120)) if text.startswith("width ")]
        assert len(titles) == 12
        assert len({row["group"] for row in rows(one)}) == 14
    assert "Group" in (said := Read(page(lib, many.asked, catalogue())).text)
    assert "seed 0" in said


def test_what_is_not_finite_or_alone_is_drawn_all_the_same(lib: Library) -> None:
    cells = {
        "a": [{"recall": float("nan"), "loss": 1.0}],
        "b": [{"recall": float("inf"), "loss": 2.0}],
        "c": [{"recall": 0.5, "loss": 3.0}],
    }

    def work(writer: RunWriter, cell: str, seed: int) -> None:
        for step in range(5):
            writer.points(step, {"loss[split=train]": float("nan") if cell == "a" else float(step)})
        writer.curve(50, line([float("nan"), 0.2]))
        writer.curve(50, diagram([0, 0], [0.2, 0.8], [0.0, 0.0]))
        writer.curve(50, matrix([[float("nan")]]))

    submitted = study(lib, cells, work=work)
    made = Made(lib, submitted.study or "", submitted.runs)
    for name in EVERY:
        one = figure(made, name)
        assert all(one.file(kind) for kind in sheet.FIGURES)
    assert "not finite" in Read(page(lib, made.asked, catalogue())).text
    for kind in ("csv", "md", "tex"):
        assert written(made.asked.comparison, kind)


def test_names_are_listed_and_others_refused(made: Made) -> None:
    with pytest.raises(Refusal, match=r"There is no figure 'recal_by_load' \(did you mean recall_by_load\?\)"):
        figure(made, "recal_by_load")
    from memstudio.library.overlays import overlaid

    assert set(EVERY) <= set(names(overlaid(made.library, made.asked.comparison.groups)))
    with pytest.raises(Refusal, match="cannot be written as 'gif'"):
        figure(made, "recall_by_load").file("gif")


def test_a_measure_stands_for_the_studys_figure_of_it_and_a_step_for_what_was_stored_then(made: Made) -> None:
    assert figure(made, "recall[load=2]").caption.startswith("Recall, load 2 by memory, mean and 95 % interval over")
    early = plate(made.library, made.asked, "recall_by_load", known=catalogue(), step=50)
    assert early.caption.endswith("measured at step 40.")
    assert figure(made, "recall_by_load").caption.endswith("measured at step 100.")


def test_a_report_shows_the_study_first_and_learning_last(made: Made) -> None:
    shown = [one.name for one in worth_showing(made.library, made.asked, catalogue())]
    assert shown[0] == "study"
    assert shown[-1] == "series:loss[split=train]"
    assert {"curve:recall_by_load", "curve:accuracy_matrix", "forgetting:accuracy_matrix", "curve:reliability"} <= set(shown)


def test_drawing_leaves_the_settings_of_matplotlib_alone(made: Made) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    figure(made, "recall_by_load").file("png")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("points", "log"), [([2, 4, 8, 16], True), ([1, 2, 3, 4], False), ([0, 2, 4, 8], False), ([2, 4], False), ([1, 10, 100], True)]
)
def test_which_axes_are_logarithmic(points: list[float], log: bool) -> None:
    assert by_factors(points) is log


@pytest.mark.parametrize(("value", "said"), [(1500, "1,500"), (0.25, "0.25"), (-3, "−3"), (1e-5, "1e−05"), (0, "0"), (float("nan"), "")])
def test_numbers_beside_axes(value: float, said: str) -> None:
    assert sheet.number(value) == said
