"""Signal and noise by hand: one answer after the other, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence


def ratio(values: Sequence[Sequence[Sequence[float]]], answers: Sequence[Sequence[Sequence[float]]]) -> tuple[float, float]:
    """(signal, noise) a number of the answer has, of one head. values, answers: repeats × pairs × width.

    One factor for each pair over all its repeats; n − 1 of its n numbers are free, and 1/n of the noise passes for signal.
    """
    repeats, pairs, width = len(values), len(values[0]), len(values[0][0])
    n = repeats * width
    signal = noise = 0.0
    for j in range(pairs):
        together = own = 0.0
        for r in range(repeats):
            for i in range(width):
                together += answers[r][j][i] * values[r][j][i]
                own += values[r][j][i] ** 2
        gain = together / own
        left = sum((answers[r][j][i] - gain * values[r][j][i]) ** 2 for r in range(repeats) for i in range(width)) / (n - 1)
        noise += left / pairs
        signal += (gain * gain * own / n - left / n) / pairs
    return signal, noise
