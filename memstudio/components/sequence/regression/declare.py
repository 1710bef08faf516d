"""Test-time regression, with recursive least squares and the MesaNet's layer as its presets."""

from __future__ import annotations

from collections.abc import Mapping

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Real

#: The learned ridge never falls below this share of where it starts, as in the authors' code of the MesaNet.
LEAST_RIDGE = 0.25
#: An exact solution at every position solves for so many unknowns at most.
MOST_UNKNOWNS = 256


def feature_count(regressor: str, key_width: int) -> int:
    """What the regressor is linear in: the key's numbers, or 1, these and each product of two."""
    return 1 + key_width + key_width * (key_width + 1) // 2 if regressor == "quadratic" else key_width


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    ridge = heads * feature_count(values["regressor"], values["key_width"]) if values["solver"] == "least_squares" else 0
    decay = width * heads + 2 * heads if values["weights"] == "gated" else 0
    return {
        "query": width * keys + ridge,
        "writer": width * (keys + data + heads * values["strength"]) + decay,
        "output": data * width * (1 + values["output_gate"]) + (values["value_width"] if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts; a matrix a head, and for exact solutions one of keys times keys.

    Products: hebbian writes and reads; a gradient step looks up, writes and reads; an exact solution writes both matrices, eliminates
    (F³/3), substitutes twice (F²) and reads.
    """
    width, heads = width_of(inputs), values["heads"]
    features = feature_count(values["regressor"], values["key_width"])
    keys, data, matrix = heads * values["key_width"], heads * values["value_width"], heads * features * values["value_width"]
    gram = heads * features**2 if values["solver"] == "least_squares" else 0
    maps = width * (2 * keys + data + heads * (values["strength"] + (values["weights"] == "gated")) + data * (1 + values["output_gate"]))
    work = 2 * matrix + (matrix if values["solver"] == "gradient" else 0) + (2 * gram + gram * features // 3)
    return Cost(sum(parts(values, inputs).values()), (matrix + gram) * BYTES, products(inputs, maps, work))


def refuse(values: Values, inputs: Inputs) -> str | None:
    """An exact solution at every position costs the third power of what it solves for."""
    unknowns = feature_count(values["regressor"], values["key_width"])
    if values["solver"] == "least_squares" and unknowns > MOST_UNKNOWNS:
        return f"An exact solution would have {unknowns:,} unknowns at each position and may have {MOST_UNKNOWNS}; choose narrower keys."
    return None


WANG = Source(
    "Wang, Shi, Fox",
    2025,
    "Test-time regression: a unifying framework for designing sequence models with associative memory",
    "arXiv 2501.12352",
    systems=("S296",),
)
OSWALD = Source("von Oswald et al.", 2025, "MesaNet: Sequence Modeling by Locally Optimal Test-Time Training", "arXiv 2506.05233")
OSWALD_MESA = Source(
    "von Oswald et al.", 2023, "Uncovering mesa-optimization algorithms in Transformers", "arXiv 2309.05858 (the mesa-layer)"
)
SHERMAN = Source(
    "Sherman, Morrison",
    1950,
    "Adjustment of an Inverse Matrix Corresponding to a Change in One Element of a Given Matrix",
    "Annals of Mathematical Statistics 21(1)",
)

COMPONENTS = (
    memory(
        id="sequence.regression",
        title="Test-time regression",
        summary="A regression from keys to values a head, fitted to everything read so far and asked at the query.",
        explanation=(
            "Many memories solve one problem in different ways: find the map M that gives the values of all earlier keys, and answer "
            "with M of the query. Three things are chosen: how much each example counts, what M is linear in, and how it is solved. "
            "Hebbian adds value times key, which is right only if keys are orthogonal: linear attention. One gradient step a position "
            "on the squared error is the delta rule, with the strength as its step. Least squares keeps the sums of values times keys "
            "and of keys times keys, and is exact at every position, also for keys that resemble each other.\n\n"
            "Weights that fade multiply older examples by α at each position. With a gradient step the fading comes first and the "
            "error is taken after it (the gated delta rule: αS(I − βkkᵀ) + βvkᵀ); Titans takes the error before fading "
            "(αS − β(Sk − v)kᵀ), which is the same map only with strength β/α and values αv. With least squares the ridge does not fade, "
            "as in the MesaNet, and each position has a solve of its own, exact here where the authors take some 30 steps of conjugate "
            "gradient; classical recursive least squares lets the ridge fade with the examples, until nothing holds the solution. "
            "Without fading the two are the same, and one Cholesky factor a chunk serves all its positions, so no loop over time is "
            "needed. The ridge is learned, one a feature of each head, from the value given here down to a quarter of it at least. The "
            "MesaNet's values are a plain map; here they pass through SiLU, as in the delta rule.\n\n"
            "Keys and queries of length 1 keep a gradient step from overshooting; without that it may diverge. Regressors that are "
            "networks, with momentum, are the test-time memory; regressors fitted around each query are local linear attention, and "
            "kernels are attention."
        ),
        parameters=(
            HEADS,
            KEY_WIDTH,
            VALUE_WIDTH,
            Choice(
                name="weights",
                title="Weights of examples",
                default="none",
                options={"none": "all the same", "decay": "fade at a fixed rate a head", "gated": "fade by a learned gate a head"},
                role="example_weights",
                meaning="How much earlier examples count at a later position.",
            ),
            Choice(
                name="regressor",
                title="Regressor",
                default="linear",
                options={"linear": "linear in the key", "quadratic": "linear in all products up to two"},
                role="regressor",
                meaning="What kind of map from keys to values is fitted.",
            ),
            Choice(
                name="solver",
                title="Solver",
                default="least_squares",
                options={"hebbian": "Hebbian sum", "gradient": "one gradient step a position", "least_squares": "exact ridge regression"},
                role="solver",
                meaning="How the examples so far become a map.",
            ),
            Real(
                name="ridge",
                title="Ridge",
                default=1.0,
                low=0.01,
                high=1000.0,
                log=True,
                role="ridge",
                meaning="Where the learned pull of the solution towards 0 starts, in squared lengths of keys.",
                shown_when=("solver", "least_squares"),
            ),
            Flag(
                name="unit_length",
                title="Keys of length 1",
                default=True,
                role="unit_length",
                meaning="Scale keys and queries of each head to length 1.",
            ),
            Flag(
                name="strength",
                title="Learned strength",
                default=True,
                role="strength",
                meaning="Let each position choose how much its example counts, or how large its gradient step is; off: 1.",
            ),
            OUTPUT_NORM,
            OUTPUT_GATE,
            CHUNK,
        ),
        equations=(
            Equation("Problem", "Mₜ = argmin_M Σᵢ≤ₜ βᵢ αᵢ₊₁⋯αₜ ‖vᵢ − M φ(kᵢ)‖² + tr(M Λ Mᵀ),  yₜ = Mₜ φ(qₜ)"),
            Equation("Hebbian", "Mₜ = αₜ Mₜ₋₁ + βₜ vₜ φ(kₜ)ᵀ"),
            Equation("Gradient step", "Mₜ = αₜ Mₜ₋₁ − βₜ (αₜ Mₜ₋₁ φ(kₜ) − vₜ) φ(kₜ)ᵀ"),
            Equation("Least squares", "Mₜ = Gₜ (Hₜ + Λ)⁻¹,  Gₜ = αₜ Gₜ₋₁ + βₜ vₜ φ(kₜ)ᵀ,  Hₜ = αₜ Hₜ₋₁ + βₜ φ(kₜ) φ(kₜ)ᵀ"),
            Equation("Ridge", "Λ = λ (¼ + softplus(p)),  p learned, Λ = λ at the start"),
            Equation("Maps", "kₜ = SiLU(W_k xₜ),  qₜ = SiLU(W_q xₜ),  vₜ = SiLU(W_v xₜ),  φ(k) = k or (1, kᵢ, kᵢ²/√2, kᵢ kⱼ)"),
            Equation("Weights", "βₜ = 1 or σ(W_β xₜ);  αₜ = 1,  1 − 2^(−5−h)  or  exp(−A softplus(W_α xₜ + b))"),
        ),
        sources=(WANG, OSWALD, OSWALD_MESA, SHERMAN),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.regression.layers:Regression",
        reference="memstudio.components.sequence.regression.reference:run",
        cost=cost,
        parts=parts,
        refuse=refuse,
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4},
        synonyms=(
            "ridge regression",
            "RLS",
            "MesaNet",
            "mesa-layer",
            "test-time training",
            "TTT",
            "in-context regression",
            "least squares",
        ),
        presets=(
            Preset(
                id="sequence.recursive_least_squares",
                title="Recursive least squares",
                values={"strength": False},
                summary="The exact ridge regression from keys to values of everything read so far, all examples alike.",
                sources=(SHERMAN, WANG),
            ),
            Preset(
                id="sequence.mesa",
                title="Mesa layer",
                values={"weights": "gated"},
                summary="The exact ridge regression of everything read so far, older examples fading by a learned gate.",
                sources=(OSWALD, OSWALD_MESA),
            ),
            Preset(
                id="sequence.quadratic_regression",
                title="Quadratic regression",
                values={"regressor": "quadratic", "key_width": 8},
                summary="The exact ridge regression from all products of two key features to values.",
                sources=(WANG,),
            ),
        ),
    ),
)
