"""The n-th farthest of some vectors, declared: what is kept must be compared with each other."""

from __future__ import annotations

from memstudio.components.task.parameters import TEST_ITEMS
from memstudio.experiment.declarations import Component, Equation, Port, Source, Values
from memstudio.experiment.kinds import Inputs, Kind, Spec, Targets
from memstudio.experiment.parameters import Whole


def width_of(vectors: int, dimensions: int) -> int:
    """Numbers at each position: the vector, and its label, n and m as one number each for every vector."""
    return dimensions + 3 * vectors


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    vectors = values["vectors"]
    targets = Targets(
        what="label of a vector",
        size=vectors,
        per_position=True,
        chance=1 / vectors,
        labels=("rank",),
        marks=("serial_position",),
    )
    return {
        "sequence": Spec(Kind.SEQUENCE, width=width_of(vectors, values["dimensions"]), time=vectors),
        "stream": Spec(Kind.STREAM, targets=targets),
    }


COMPONENTS = [
    Component(
        id="task.nth_farthest",
        title="N-th farthest",
        summary="Labelled vectors come one after the other; the label of the n-th farthest from vector m is asked.",
        explanation=(
            "An item is a row of random vectors, each with a label, in random order of labels. The question, the same at every "
            "position, names a vector m and a number n; behind the last vector seen, the label of the n-th farthest vector from m "
            "is asked. Keeping the vectors is not enough: distances between all that is kept must be found and put in order, which "
            "asks a memory to relate its contents to each other.\n\n"
            "At each position stand the vector, its label, n and m, the last three one-hot. Numbers of a vector are uniform from −1 "
            "to 1; distances are Euclidean. The farthest has n = 1; m itself, at distance 0, counts and is the last, so n = number "
            "of vectors asks for m back. The test has a part for each n (label rank), and knows the place of the right vector in "
            "the row from 1. Training draws n and m anew for each item."
        ),
        equations=(
            Equation("Position t", "xₜ = (vₜ, onehot(labelₜ), onehot(n), onehot(m)),  vₜ ~ U(−1, 1)ᵈ"),
            Equation("What is asked", "target at the last position = the label ranked n by ‖v − v_m‖, largest first"),
            Equation("Guessing", "P(right) = 1 / vectors"),
        ),
        sources=(
            Source(
                "Santoro, Faulkner, Raposo, Rae, Chrzanowski, Weber, Wierstra, Vinyals, Pascanu, Lillicrap",
                2018,
                "Relational Recurrent Neural Networks",
                "NeurIPS, arXiv:1806.01822",
                systems=("S139",),
            ),
        ),
        gives=(Port("sequence", Kind.SEQUENCE, "Sequence"), Port("stream", Kind.STREAM, "Stream")),
        parameters=(
            Whole(
                name="vectors",
                title="Vectors",
                default=8,
                low=2,
                high=64,
                unit="vectors",
                meaning="How many vectors an item shows; as many labels there are.",
            ),
            Whole(
                name="dimensions",
                title="Dimensions",
                default=16,
                low=1,
                high=1024,
                log=True,
                unit="numbers",
                meaning="How many numbers a vector has.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.nth_farthest.stream:NthFarthest",
        reference="memstudio.components.task.nth_farthest.reference:solve",
        outputs=_outputs,
        tiny={"vectors": 4, "dimensions": 3, "test_items": 4},
        synonyms=("relational memory", "RMC", "nearest", "distance", "relations", "reasoning"),
    )
]
