"""Draws: random numbers that depend on nothing but a seed, a purpose, a node and a step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


def derived_seed(*parts: object) -> int:
    """A 63-bit seed from any parts, the same on every machine and in every process."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def member_seed(seed: int, member: int) -> int:
    """The run seed that member `member` of an ensemble equals; member 0 is the run itself."""
    return seed if member == 0 else derived_seed(seed, "member", member) % 2**31


@dataclass(frozen=True)
class Draws:
    """Random numbers that depend on nothing but (seed, purpose, node uid, step): no call pattern changes them.

    seed: weights and the order of training; data_seed: what the data are (generated items, splits, corruption).
    """

    seed: int
    data_seed: int

    def generator(self, purpose: str, uid: str, step: int = 0) -> torch.Generator:
        """A CPU generator for weights, order or noise of training."""
        return torch.Generator().manual_seed(derived_seed(self.seed, purpose, uid, step))

    def data_generator(self, purpose: str, uid: str, step: int = 0) -> torch.Generator:
        """A CPU generator for what the data are."""
        return torch.Generator().manual_seed(derived_seed("data", self.data_seed, purpose, uid, step))

    @contextmanager
    def global_seed(self, purpose: str, uid: str, step: int = 0) -> Iterator[None]:
        """Seeds torch's global generators inside the block (initialisation, dropout), and restores them after it."""
        with torch.random.fork_rng():
            torch.manual_seed(derived_seed(self.seed, purpose, uid, step))
            yield

    def member(self, member: int) -> Draws:
        """The draws of one member of an ensemble: its own weights and order, the same data."""
        return Draws(member_seed(self.seed, member), self.data_seed)
