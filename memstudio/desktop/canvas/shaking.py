"""A shake: to and fro a few times in less than a second."""

from __future__ import annotations

from collections import deque
from time import monotonic

from PySide6.QtCore import QPoint

#: turns within a time; a turn is a way back of so many pixels
_TURNS, _WITHIN, _FAR = 4, 0.9, 14


class Shake:
    """Is told where the hand is; `felt` once it has been shaken."""

    def __init__(self) -> None:
        self.felt = False
        self._turns: deque[float] = deque(maxlen=_TURNS)
        self._farthest: int | None = None
        self._way = 0

    def move(self, pointer: QPoint) -> None:
        """The hand is here now."""
        x = pointer.x()
        if self._farthest is None:
            self._farthest = x
        offset = x - self._farthest
        if self._way == 0 or offset * self._way > 0:
            if abs(offset) >= _FAR or self._way:
                self._way = 1 if offset > 0 else -1
                self._farthest = x
        elif abs(offset) >= _FAR:
            self._way, self._farthest = -self._way, x
            self._turns.append(monotonic())
            if len(self._turns) == _TURNS and self._turns[-1] - self._turns[0] <= _WITHIN:
                self.felt = True
