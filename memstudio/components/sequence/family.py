"""The family of sequence memories: what stands around each of them, and how its members declare themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from memstudio.experiment.declarations import Component, Cost, Family, Port, Values
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Flag, Whole

#: One number of state is counted as float32, whatever the precision of a run.
BYTES = 4


def around_cost(values: Values, inputs: Inputs, cell: Cost) -> Cost:
    """The cost of a node: in each of `repeat` layers the cell, two norms' scales, the convolution's taps, the feed-forward's maps."""
    width = width_of(inputs)
    taps, multiple = values["convolution"], values["feed_forward"]
    scales = width * (1 + (multiple > 0)) if values["norm"] else 0
    fed = 2 * multiple * width * width
    around = Cost(scales + taps * width + fed, max(taps - 1, 0) * width * BYTES, 2 * fed * time_of(inputs))
    return (cell + around).times(values["repeat"])


def products(inputs: Inputs, *sizes: int) -> int:
    """Cost.flops of matrix products made at every position: sizes are rows times columns of each matrix (heads times those of one)."""
    return 2 * sum(sizes) * time_of(inputs)


def width_of(inputs: Inputs) -> int:
    """Features a position has at the sequence port. KeyError when nothing is connected there or its width is unknown."""
    width = inputs.one("sequence").width
    if width is None:
        raise KeyError("sequence")
    return width


def time_of(inputs: Inputs) -> int:
    """Positions at the sequence port (0 where the length is unknown): what a growing state is counted at."""
    return inputs.one("sequence").time or 0


def memory(
    *,
    cost: Callable[[Values, Inputs], Cost],
    traits: frozenset[str] = frozenset(),
    **declaration: Any,
) -> Component:
    """A component of this family: sequence in, sequence of the same shape out, told its `width`.

    All are causal but those with the trait `prefix`, whose first positions (parameter with the role `prefix`) see each other.
    """
    return Component(
        takes=(Port("sequence", Kind.SEQUENCE, "Sequence"),),
        gives=(Port("sequence", Kind.SEQUENCE, "Sequence"),),
        outputs=_same_sequence,
        sizes=_width,
        cost=cost,
        traits=traits if "prefix" in traits else traits | {"causal"},
        **declaration,
    )


def _same_sequence(values: Values, inputs: Inputs) -> Mapping[str, Spec]:
    return {"sequence": inputs.one("sequence")}


def _width(values: Values, inputs: Inputs) -> dict[str, Any]:
    return {"width": width_of(inputs)}


FAMILY = Family(
    id="sequence",
    title="Sequence memories",
    order=30,
    summary="Layers that read a sequence position by position and remember what came before.",
    group_title="Surroundings",
    group=(
        Flag(
            name="norm",
            title="Norm before",
            default=True,
            role="norm",
            meaning="Scale the features of each position to root mean square 1 before the memory and before the feed-forward.",
        ),
        Flag(
            name="residual",
            title="Residual",
            default=True,
            role="residual",
            meaning="Add what the memory and the feed-forward give to what they were given, instead of replacing it.",
        ),
        Whole(
            name="convolution",
            title="Short convolution",
            default=4,
            low=0,
            high=16,
            unit="taps",
            role="convolution",
            meaning="Mix each feature with its own last positions before the memory, so that a key can see its neighbour; 0 is off.",
        ),
        Whole(
            name="feed_forward",
            title="Feed-forward",
            default=2,
            low=0,
            high=8,
            unit="× width",
            role="feed_forward",
            meaning="Hidden width of the two-layer network after the memory, as a multiple of the width; 0 is off.",
        ),
        Whole(
            name="repeat",
            title="Layers",
            default=1,
            low=1,
            high=24,
            role="repeat",
            meaning="How many such layers, each with its own memory and weights, stand one after another.",
        ),
    ),
    around="memstudio.components.sequence.block:Block",
    around_cost=around_cost,
    stateful=True,
)
