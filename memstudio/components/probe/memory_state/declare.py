"""Memory state: what the memories hold, as pictures and a few numbers."""

from __future__ import annotations

from memstudio.components.probe.family import SHARED, TRAINED
from memstudio.experiment.declarations import Component, Equation, Source
from memstudio.experiment.parameters import Whole

COMPONENTS = (
    Component(
        id="probe.memory_state",
        title="Memory state",
        summary="What each memory holds after the first test item: its state, what each key finds in it, what is left of each position.",
        explanation=(
            "After the first test item has been read, every memory shows its state: a matrix memory one picture a head, keys by "
            "values; attention the keys and values it has kept so far.\n\n"
            "Memories that can be asked with a key show what that means. The first positions of the item are written into an empty "
            "memory, and it is asked with the keys it was given. Found by each key: a square, row i the key of position i, column j "
            "how much of the value stored at position j is in the answer (1: all of it, 0: nothing, below 0: against it). A bright "
            "diagonal: every key finds its own value; what is beside it is interference, or the same key written twice. Left of each "
            "position: how much of the value of position i its own key still finds after a later position, so what fades or is "
            "written over goes dark to the right. Touched by each read: row t what the model itself reads at position t, with its own "
            "query.\n\n"
            "The share of a value in an answer is what the answer loses where that value alone is zero, along that value, over all "
            "heads together. In linear and delta memories and in attention an answer is exactly the sum of these shares times the "
            "values (in attention they are its weights); in others it is what each value makes of it. own_value_found is the mean of the "
            "diagonal, other_values_found the root of the summed squares beside it. Up to four memories are asked; one inside a mixture "
            "or another wrapper is not.\n\n"
            "A picture is made small by the mean over areas, at most 64 × 64 points, so that its overall mean is kept; at most "
            "eight are stored at a step.\n\n"
            "Beside the memory's own figures stand the norm of the state and its effective rank: how many directions it uses, "
            "from 1 (everything lies along one direction) to the smaller side of the matrix. Of an ensemble the first member is "
            "shown."
        ),
        takes=(TRAINED,),
        parameters=(
            *SHARED,
            Whole(
                name="pictures",
                title="Pictures",
                default=4,
                low=1,
                high=8,
                meaning="How many pictures of states are kept at a step; memories take turns: each shows its first before any its second.",
            ),
            Whole(
                name="positions",
                title="Positions asked",
                default=24,
                low=0,
                high=64,
                unit="positions",
                meaning="How many first positions of the item readable memories are asked for, with the keys written there; 0 asks none.",
            ),
        ),
        equations=(
            Equation("Share of value j in answer a", "cⱼ = (a − a without vⱼ)·vⱼ / vⱼ·vⱼ"),
            Equation("Norm", "‖S‖ = √( Σᵢⱼ Sᵢⱼ² )"),
            Equation("Effective rank", "r(S) = exp( −Σᵢ πᵢ ln πᵢ ),  πᵢ = σᵢ / Σⱼ σⱼ,  σ the singular values of S"),
        ),
        sources=(Source("Roy, Vetterli", 2007, "The effective rank: A measure of effective dimensionality", "EUSIPCO 2007"),),
        implementation="memstudio.components.probe.memory_state.measure:MemoryState",
        tiny={"every": 1, "items": 8, "pictures": 2, "positions": 6},
        synonyms=(
            "state",
            "picture",
            "heat map",
            "what is stored where",
            "decay",
            "interference",
            "fast weights",
            "effective rank",
            "norm",
        ),
    ),
)
