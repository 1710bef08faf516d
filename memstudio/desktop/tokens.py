"""The colours, sizes and dashes of the window: a frozen table for each theme. The curves' own are those of print, see report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from memstudio.report.colours import DARK_CURVES, LIGHT_CURVES, Curve, curves, look


@dataclass(frozen=True)
class Tokens:
    """One theme. Colours are `#rrggbb`; pairs of text and ground keep a contrast of 4.5:1 (7:1 in high
    contrast), curves 3:1; tests measure it.

    dark: whether light stands on dark; border, focus: how thick the edges and the focus marks of controls are, in points;
    families: family id -> colour; kinds: wire kind -> colour; the `*_background` colours are the grounds of state chips.
    """

    name: str
    background: str
    panel: str
    raised: str
    line: str
    faint: str
    grid: str
    text: str
    dim: str
    accent: str
    on_accent: str
    accent_background: str
    accent_hover: str
    hover: str
    canvas: str
    dots: str
    good: str
    careful: str
    bad: str
    good_background: str
    careful_background: str
    bad_background: str
    chip_background: str
    curves: tuple[Curve, ...]
    families: Mapping[str, str]
    dark: bool = False
    border: int = 1
    focus: int = 2

    @property
    def high_contrast(self) -> bool:
        """Whether this is a theme for eyes that need more contrast: text 7:1, lines 3:1."""
        return self.name.endswith("_contrast")

    @property
    def least(self) -> float:
        """The least contrast of text and its ground."""
        return 7.0 if self.high_contrast else 4.5

    @property
    def kinds(self) -> Mapping[str, str]:
        """Wire kind -> colour."""
        return MappingProxyType({kind: self.families[family] for kind, family in _KINDS.items()})

    def family(self, family: str) -> str:
        """The colour of a family; of one we do not know (an add-on's), the dim text colour."""
        return self.families.get(family, self.dim)

    def kind(self, kind: str) -> str:
        """The colour of a wire's kind; of one we do not know, the dim text colour."""
        return self.kinds.get(kind, self.dim)

    def curve(self, index: int) -> Curve:
        """The look of the curve at this place: six colours, then the same with other dashes, 36 before any returns."""
        return look(self.curves, index)


_KINDS = {
    "tokens": "task",
    "image": "task",
    "features": "encoder",
    "sequence": "sequence",
    "patterns": "associative",
    "scores": "ensemble",
    "model": "ensemble",
    "stream": "probe",
    "trained": "learner",
}


def _families(
    task: str,
    sequence: str,
    associative: str,
    lookup: str,
    store: str,
    ensemble: str,
    learner: str,
    unlearning: str,
    probe: str,
    encoder: str,
) -> Mapping[str, str]:
    return MappingProxyType(
        {
            "task": task,
            "encoder": encoder,
            "sequence": sequence,
            "associative": associative,
            "lookup": lookup,
            "store": store,
            "readout": encoder,
            "ensemble": ensemble,
            "calibration": ensemble,
            "learner": learner,
            "unlearning": unlearning,
            "probe": probe,
        }
    )


LIGHT = Tokens(
    name="light",
    background="#F5F6F8",
    panel="#FFFFFF",
    raised="#FFFFFF",
    line="#E1E5EB",
    faint="#EDF0F4",
    grid="#EEF1F5",
    text="#1A1F29",
    dim="#596273",
    accent="#2563EB",
    on_accent="#FFFFFF",
    accent_background="#EEF3FE",
    accent_hover="#1D4FC4",
    hover="#F1F3F7",
    canvas="#FAFBFC",
    dots="#D9DEE6",
    good="#1F7A3D",
    careful="#9A5B00",
    bad="#B42318",
    good_background="#EAF5EC",
    careful_background="#FDF4E3",
    bad_background="#FDEDEB",
    chip_background="#EDF0F4",
    curves=LIGHT_CURVES,
    families=_families("#0072B2", "#008F68", "#B8609B", "#A87400", "#2A8FC7", "#D55E00", "#7B5BC4", "#A33B3B", "#5B6B7B", "#6B7382"),
)

DARK = Tokens(
    name="dark",
    background="#14171C",
    panel="#1A1E25",
    raised="#222732",
    line="#303743",
    faint="#262C36",
    grid="#262C36",
    text="#E7EAF0",
    dim="#A2ABBA",
    accent="#7AA7FF",
    on_accent="#0B1220",
    accent_background="#20304F",
    accent_hover="#98BBFF",
    hover="#252B35",
    canvas="#161A20",
    dots="#2B313C",
    good="#5DC482",
    careful="#E2B04A",
    bad="#FF8A7A",
    good_background="#1B3325",
    careful_background="#372D19",
    bad_background="#3E2424",
    chip_background="#2A303B",
    curves=DARK_CURVES,
    families=_families("#4FA3E0", "#3CCB9B", "#E3A0CB", "#F0B63A", "#8CCBF2", "#FF8A4C", "#A98FE6", "#E57878", "#93A3B3", "#9AA3B2"),
    dark=True,
)

LIGHT_CONTRAST = Tokens(
    name="light_contrast",
    background="#FFFFFF",
    panel="#FFFFFF",
    raised="#FFFFFF",
    line="#5B6472",
    faint="#868E9B",
    grid="#C3C9D2",
    text="#000000",
    dim="#333A45",
    accent="#0A3A9E",
    on_accent="#FFFFFF",
    accent_background="#DCE8FF",
    accent_hover="#062A78",
    hover="#E9EDF3",
    canvas="#FFFFFF",
    dots="#AEB5C0",
    good="#0A4D20",
    careful="#5C3500",
    bad="#8A120B",
    good_background="#E2F4E7",
    careful_background="#FBEFD6",
    bad_background="#FDE5E2",
    chip_background="#E6EAF0",
    curves=curves("#00558A", "#A84300", "#006B4E", "#8E3F74", "#7A5200", "#1B6A96"),
    families=_families("#00558A", "#006B4E", "#8E3F74", "#7A5200", "#1B6A96", "#A84300", "#5B3FA6", "#8A2323", "#43505E", "#4A515F"),
    border=2,
    focus=3,
)

DARK_CONTRAST = Tokens(
    name="dark_contrast",
    background="#000000",
    panel="#000000",
    raised="#05070A",
    line="#9AA4B4",
    faint="#6A7383",
    grid="#3A414D",
    text="#FFFFFF",
    dim="#D3D9E3",
    accent="#A9CAFF",
    on_accent="#000000",
    accent_background="#12295A",
    accent_hover="#D0E2FF",
    hover="#171C24",
    canvas="#000000",
    dots="#4A5260",
    good="#86E8A6",
    careful="#F5CB6B",
    bad="#FFB3A8",
    good_background="#0D2616",
    careful_background="#2B2108",
    bad_background="#331313",
    chip_background="#1B212B",
    curves=curves("#6FBAF2", "#FF9F6B", "#56E0B1", "#EFB4DA", "#F7C65A", "#A9DBF8"),
    families=_families("#6FBAF2", "#56E0B1", "#EFB4DA", "#F7C65A", "#A9DBF8", "#FF9F6B", "#C3AFF2", "#F29A9A", "#B4C2D0", "#BBC3CF"),
    dark=True,
    border=2,
    focus=3,
)

THEMES: Mapping[str, Tokens] = MappingProxyType({t.name: t for t in (LIGHT, DARK, LIGHT_CONTRAST, DARK_CONTRAST)})

#: Sizes in pixels: the grid, heights, radii and type of look.md.
GRID = 4
CONTROL = 30
RADIUS_CONTROL, RADIUS_NODE, RADIUS_CARD = 7, 9, 10
TYPE_AXIS, TYPE_SMALL, TYPE_BODY, TYPE_HEADING, TYPE_TITLE = 11, 12, 13, 15, 22
TYPE_MONO = 11.5
SANS = "Inter"
MONO = "JetBrains Mono"
