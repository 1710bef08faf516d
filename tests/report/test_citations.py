"""Citations as BibTeX."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from memstudio.components.catalogue import catalogue
from memstudio.experiment.declarations import Source
from memstudio.report.citations import bibtex, unique

YANG = Source("Yang, Kautz, Hatamizadeh", 2024, "Gated Delta Networks: Improving Mamba2 with Delta Rule", "ICLR 2025, equation 10")


def test_an_entry_for_a_paper() -> None:
    assert bibtex([YANG]).startswith(
        "@inproceedings{yang2024gated,\n  author = {Yang and Kautz and Hatamizadeh},\n"
        "  title = {{Gated Delta Networks: Improving Mamba2 with Delta Rule}},\n  year = {2024},\n"
        "  booktitle = {ICLR 2025},\n  note = {equation 10}\n}\n"
    )


def test_kinds_of_places() -> None:
    places = {
        "NeurIPS, arXiv:1606.01164": ("inproceedings", "booktitle = {NeurIPS}"),
        "Neural Computation 9(8)": ("article", "journal = {Neural Computation 9(8)}"),
        "PRL 55, 1530": ("article", "journal = {PRL 55, 1530}"),
        "Wiley": ("book", "publisher = {Wiley}"),
        "UCI Machine Learning Repository": ("misc", "howpublished = {UCI Machine Learning Repository}"),
        "arXiv 2104.09864": ("misc", "eprint = {2104.09864}"),
    }
    for place, (kind, field) in places.items():
        entry = bibtex([Source("Doe", 2000, "Something", place)])
        assert entry.startswith(f"@{kind}{{doe2000something,")
        assert field in entry


def test_a_work_stands_once() -> None:
    notes = ["Yang et al. 2024, Gated Delta Networks, arXiv:2412.06464", "Doe 1999, Other things", "see the appendix"]
    again = Source("Yang et al.", 2024, "Gated delta networks: improving Mamba2 with delta rule", "arXiv:2412.06464")
    assert [one.title for one in unique([YANG, again], notes)] == [YANG.title, "Other things"]
    text = bibtex([YANG, again], notes)
    assert text.count("@inproceedings") == 1
    assert "@misc{cited1,\n  note = {see the appendix}\n}" in text


def test_keys_are_unique_and_names_of_several_words_held_together() -> None:
    two = [
        Source("Ovadia et al.", 2019, "Can one"),
        Source("Ovadia et al.", 2019, "Can two"),
        Source("van de Ven, Tolias", 2022, "Three", ""),
    ]
    text = bibtex(two)
    assert re.findall(r"@\w+\{([^,]+),", text) == ["ovadia2019can", "ovadia2019canb", "ven2022three", "memstudio"]
    assert "author = {Ovadia and others}" in text
    assert "author = {{van de Ven} and Tolias}" in text


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_braces_stay_balanced_whatever_is_cited(authors: str, title: str, note: str) -> None:
    text = bibtex([Source(authors, 2020, title, title)], [note])
    bare = text.replace("\\{", "").replace("\\}", "").replace("\\textbackslash{}", "").replace("\\textasciitilde{}", "")
    depth = 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0


def test_every_source_of_every_component_can_be_cited() -> None:
    sources = [source for entry in catalogue() for source in entry.component.sources]
    text = bibtex(sources)
    keys = re.findall(r"@\w+\{([^,]+),", text)
    assert len(set(keys)) == len(keys) == len(unique(sources)) + 1
    assert all(re.fullmatch(r"[a-z0-9]+", key) for key in keys)
