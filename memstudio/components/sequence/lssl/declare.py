"""The linear state space layer, and the one with fixed A and Δ as a preset."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Real, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """Readout, pass-through and mixing map; where learned, the parts of A (6 N − 2) and a step a feature. N numbers of state a feature."""
    width, size, outputs = width_of(inputs), values["state_width"], values["outputs"]
    moved = 6 * size - 2 if values["matrix_rate"] else 0
    stepped = width if values["step_rate"] else 0
    parameters = moved + stepped + width * outputs * (size + 1) + width * (width * outputs + 1)
    flops = products(inputs, width * size * size, width * size, width * outputs * size, width * outputs * width)
    return Cost(parameters, width * size * BYTES, flops)


GU = Source(
    "Gu, Johnson, Goel, Saab, Dao, Rudra, Ré",
    2021,
    "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
    "NeurIPS 2021",
    systems=("S112",),
)
HIPPO = Source("Gu, Dao, Ermon, Rudra, Ré", 2020, "HiPPO: Recurrent Memory with Optimal Polynomial Projections", "NeurIPS 2020")

COMPONENTS = (
    memory(
        id="sequence.lssl",
        title="Linear state space layer (LSSL)",
        summary="Each feature keeps its past as a few coefficients of Legendre polynomials, the recent past more finely.",
        explanation=(
            "The memory follows an equation in continuous time, x' = A x + B u, one for each feature u. With the matrix HiPPO-LegS for "
            "A, the N numbers of x are at every moment the best coefficients with which polynomials describe the whole past of u, the "
            "recent past being weighted most. A step Δ, its own for each feature, says how much time passes from position to position: "
            "with Δ twice as large a sequence sampled at half the rate gives the same memory. Nothing depends on the content, so the "
            "layer can be worked on step by step, or all at once as a convolution with the kernel C Āˡ B̄.\n\n"
            "Learned are the readouts C, the pass-through D, the map between features, and, as far as the two rates say, A and Δ. A is "
            "learned within its class of structured matrices, −P (D + T⁻¹) Q with P, Q and D diagonal and T tridiagonal; one A serves "
            "all features, and B stays as it is. A rate scales what is added to the start, which for Adam is a smaller learning rate: "
            "in the authors' code that of A is a tenth of that of Δ. With both rates 0 this is LSSL-f of the paper. Δ starts evenly "
            "spaced in log Δ over the features, as one option of the authors' code has it, not at random.\n\n"
            "Ā is a full matrix, made anew at each call by solving one system a feature: exact, but slow for a large N, and not the "
            "faster algorithm that the paper derives for the class. The kernel is made by doubling; long pieces are convolved by "
            "Fourier transforms, shorter ones by a matrix, single positions by steps: the numbers are the same up to rounding. Only "
            "HiPPO-LegS is here, not the other starts (LegT, random) that the paper compares."
        ),
        parameters=(
            Whole(
                name="state_width",
                title="State width",
                default=32,
                low=2,
                high=128,
                log=True,
                unit="a feature",
                role="state_width",
                meaning="Numbers that each feature keeps of its past: N in the paper.",
            ),
            Whole(
                name="outputs",
                title="Readouts",
                default=1,
                low=1,
                high=16,
                unit="a feature",
                meaning="How many numbers are read out of the state of each feature: M in the paper.",
            ),
            Real(
                name="shortest_step",
                title="Shortest step",
                default=0.001,
                low=0.00001,
                high=0.01,
                log=True,
                meaning="Δ of the feature that remembers longest, at the start.",
            ),
            Real(
                name="longest_step",
                title="Longest step",
                default=0.1,
                low=0.01,
                high=1.0,
                log=True,
                meaning="Δ of the feature that remembers shortest, at the start.",
            ),
            Real(
                name="matrix_rate",
                title="Learning of A",
                default=0.1,
                low=0.0,
                high=1.0,
                meaning="How strongly what is learned of A counts, compared with other weights; 0 keeps HiPPO-LegS.",
            ),
            Real(
                name="step_rate",
                title="Learning of Δ",
                default=1.0,
                low=0.0,
                high=1.0,
                meaning="How strongly what is learned of the steps counts, compared with other weights; 0 keeps them.",
            ),
            Flag(name="activation", title="GELU", default=True, meaning="Pass what is read through GELU before features are mixed."),
        ),
        equations=(
            Equation("In continuous time", "x' = A x + B u,  y = C x + D u"),
            Equation("HiPPO-LegS", "Aₙₖ = −√((2n+1)(2k+1)) for n > k, −(n+1) for n = k, 0 above;  Bₙ = √(2n+1)"),
            Equation("Bilinear steps", "Ā = (I − Δ/2 A)⁻¹ (I + Δ/2 A),  B̄ = (I − Δ/2 A)⁻¹ Δ B"),
            Equation("State", "xₜ = Ā xₜ₋₁ + B̄ uₜ,  yₜ = C xₜ + D uₜ"),
            Equation("The same as a convolution", "y = K * u + D u,  Kₗ = C Āˡ B̄"),
            Equation("What the state means", "u(t − τ) ≈ Σₙ xₙ √(2n+1) Pₙ(2 e^(−τ) − 1)"),
            Equation("Output", "oₜ = W GELU(yₜ) + b"),
        ),
        sources=(GU, HIPPO),
        implementation="memstudio.components.sequence.lssl.layers:Lssl",
        reference="memstudio.components.sequence.lssl.reference:run",
        cost=cost,
        tiny={"state_width": 3, "outputs": 2},
        synonyms=("HiPPO", "LegS", "Legendre", "SSM", "linear state space", "S4", "continuous time", "LMU"),
        presets=(
            Preset(
                id="sequence.lssl_fixed",
                title="Linear state space layer, fixed (LSSL-f)",
                values={"matrix_rate": 0.0, "step_rate": 0.0},
                summary="Each feature keeps its past as coefficients of Legendre polynomials; only how they are read is learned.",
                sources=(GU,),
            ),
        ),
    ),
)
