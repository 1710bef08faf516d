"""Which items train, which are validated on, which are tested on."""

from __future__ import annotations

import numpy as np
import torch

from memstudio.components.task.own_data.items import Items
from memstudio.experiment.data.plans import Plan, held_sizes, name_of, quotas
from memstudio.experiment.parameters import Refusal

#: indices of training, validation and test items
Sets = tuple[np.ndarray, np.ndarray, np.ndarray]


def split(plan: Plan, items: Items, generator: torch.Generator) -> list[Sets]:
    """The sets of each experience; each item is in one of them. Raises Refusal where one is empty."""
    groups = [np.arange(len(items))]
    if items.experience is not None:
        groups = [np.flatnonzero(items.experience == k) for k in range(plan.experiences)]
    found = [_split_one(plan, items, group, generator) for group in groups]
    for number, sets in enumerate(found):
        empty = [name for name, chosen in zip(("training", "validation", "test"), sets, strict=True) if not len(chosen)]
        if empty:
            of = f" of the experience {items.experience_names[number]}" if items.experience_names else ""
            raise Refusal(f"{name_of(plan.file)} leaves no items{of} for {' and '.join(empty)}; hold out another share, or add rows.")
    return found


def _split_one(plan: Plan, items: Items, group: np.ndarray, generator: torch.Generator) -> Sets:
    if items.split is not None:
        train, validation, test = (group[items.split[group] == k] for k in range(3))
        return train, validation, test
    size = held_sizes(len(group), plan.held_out)
    if plan.split == "order":
        assert items.order is not None
        rows = group[np.argsort(items.order[group], kind="stable")]
        left = max(0, len(rows) - 2 * size)
        return np.sort(rows[:left]), np.sort(rows[left : len(rows) - size]), np.sort(rows[len(rows) - size :])
    classes = items.labels[group].astype(np.int64) if items.labels.ndim == 1 and items.names else np.zeros(len(group), dtype=np.int64)
    rest = [group[classes == k] for k in np.unique(classes)]
    rest = [members[torch.randperm(len(members), generator=generator).numpy()] for members in rest]
    sets = []
    for _ in range(2):
        parts = quotas([len(members) for members in rest], size)
        sets.append(np.sort(np.concatenate([members[:n] for members, n in zip(rest, parts, strict=True)])))
        rest = [members[n:] for members, n in zip(rest, parts, strict=True)]
    return np.sort(np.concatenate(rest)), sets[1], sets[0]
