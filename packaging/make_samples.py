"""Makes resources/samples: three small files of data, decided by a seed, and what is seen in them. Run from the repository's root."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "resources" / "samples"
SEED = 6


def plants(file: Path) -> None:
    """Rows: leaves of three plants; numbers, a category, a garden (which may be an experience), the plant."""
    draw = np.random.default_rng(SEED)
    means = {"alder": (4.1, 2.6, 0.31), "birch": (5.3, 2.9, 0.22), "cherry": (5.9, 2.2, 0.36)}
    soils = {"alder": ("wet", "wet", "clay"), "birch": ("sand", "sand", "clay"), "cherry": ("clay", "sand", "wet")}
    with open(file, "w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["length_cm", "width_cm", "thickness_mm", "teeth", "soil", "garden", "plant"])
        for n in range(240):
            plant = ("alder", "birch", "cherry")[n % 3]
            garden = ("north", "south")[int(draw.integers(2))]
            length, width, thick = (mean * (1 + 0.12 * draw.standard_normal()) for mean in means[plant])
            length *= 1.08 if garden == "south" else 1.0
            teeth = int(draw.poisson({"alder": 18, "birch": 26, "cherry": 22}[plant]))
            rows.writerow([f"{length:.2f}", f"{width:.2f}", f"{thick:.3f}", teeth, soils[plant][int(draw.integers(3))], garden, plant])


def digits(file: Path) -> None:
    """Images: 400 of scikit-learn's handwritten digits, 8 x 8, with their labels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    chosen = np.sort(np.random.default_rng(SEED).permutation(len(found.target))[:400])
    np.savez_compressed(file, images=found.images[chosen].astype(np.uint8), labels=found.target[chosen].astype(np.uint8))


def walks(file: Path) -> None:
    """Sequences, a row for each step: letters and a height; the label says whether b came after a more often than before it."""
    draw = np.random.default_rng(SEED)
    with open(file, "w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["walk", "step", "letter", "height", "label"])
        for walk in range(120):
            rising = bool(walk % 2)
            phase, letters = draw.uniform(0, 6.28), list(draw.choice(list("cdef"), 10))
            first, second = sorted(draw.choice(10, 2, replace=False))
            letters[first], letters[second] = ("a", "b") if rising else ("b", "a")
            speed = 0.5 if rising else 1.1
            for step in range(10):
                height = np.sin(phase + speed * step) + 0.2 * draw.standard_normal()
                rows.writerow([walk, step, letters[step], f"{height:.2f}", "a b" if rising else "b a"])


def main() -> None:
    """Writes the samples and samples.json."""
    sys.path.insert(0, str(ROOT))
    from memstudio.experiment.data.looking import look

    SAMPLES.mkdir(exist_ok=True)
    made = {"plants.csv": plants, "digits.npz": digits, "walks.csv": walks}
    for name, make in made.items():
        make(SAMPLES / name)
    found = {name: {"path": name, "sha256": look(SAMPLES / name).sha256, "seen": look(SAMPLES / name).seen.json()} for name in made}
    (SAMPLES / "samples.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
