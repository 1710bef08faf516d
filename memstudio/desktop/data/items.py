"""The first items of arrays as a sample that the inspector's view can show: images, or tokens."""

from __future__ import annotations

from typing import Any

from memstudio.experiment.data.looking import Looked
from memstudio.experiment.data.plans import Plan

_SIDE = 28


def sample_of(looked: Looked, kind: str, plan: Plan) -> dict[str, Any]:
    """A sample like those of tasks (runtime.Stream.sample); empty where rows say it better."""
    if kind == "images":
        return _images(looked, plan)
    if kind == "sequences" and plan.inputs[0].name in looked.items:
        tokens = looked.items[plan.inputs[0].name][0][:64].tolist()
        return {"kind": "tokens", "vocabulary": plan.vocabulary, "items": [{"tokens": tokens, "targets": [], "roles": [], "labels": {}}]}
    return {}


def _images(looked: Looked, plan: Plan) -> dict[str, Any]:
    given = looked.items.get(plan.inputs[0].name)
    if given is None:
        return {}
    import numpy as np

    low, high = plan.inputs[0].low or 0.0, plan.inputs[0].high or 1.0
    step = max(1, -(-max(plan.image[1:]) // _SIDE))
    labels = looked.rows.get(plan.target.name, ())
    items = []
    for place, image in enumerate(given[:10]):
        pixels = np.asarray(image, dtype=np.float64)
        if pixels.ndim == 3:
            pixels = pixels.mean(axis=0 if pixels.shape[2] > 4 else 2)
        grey = np.clip((pixels[::step, ::step] - low) / max(high - low, 1e-12), 0, 1)
        items.append({"pixels": grey.ravel().tolist(), "target": labels[place] if place < len(labels) else "", "labels": {}})
    height, width = grey.shape
    return {"kind": "images", "shape": [1, height, width], "items": items}
