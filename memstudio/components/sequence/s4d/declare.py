"""The diagonal state space model S4D."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Real, Whole

#: Outputs of the map between features, in multiples of the width.
MIXED = {"glu": 2, "linear": 1, "none": 0}


def cost(values: Values, inputs: Inputs) -> Cost:
    """Of each feature a step, a pass-through and its modes (rate and readout, complex); the state is a complex number a mode.

    Products: a number enters all modes (2 real numbers each), and is read out of all modes; then the map between features.
    """
    width, numbers = width_of(inputs), 2 * width_of(inputs) * values["modes"]
    mixed = MIXED[values["mixing"]] * width
    parameters = 2 * width + 2 * numbers + mixed * (width + 1)
    return Cost(parameters, numbers * BYTES, products(inputs, 2 * numbers, mixed * width))


GU = Source(
    "Gu, Gupta, Goel, Ré",
    2022,
    "On the Parameterization and Initialization of Diagonal State Space Models",
    "NeurIPS 2022",
    systems=("S333",),
)
S4 = Source("Gu, Goel, Ré", 2022, "Efficiently Modeling Long Sequences with Structured State Spaces", "ICLR 2022")

COMPONENTS = (
    memory(
        id="sequence.s4d",
        title="Diagonal state space (S4D)",
        summary="Each feature sets a few damped oscillations going, and what it gives is read from how they swing.",
        explanation=(
            "Of each feature there are a few modes: complex numbers that turn and shrink at every step, at rates A of their own, and to "
            "which what comes in is added. Slow and fast modes together keep a record of the past at many scales. Nothing depends on "
            "the content: what is kept is the same for every sequence, so a sequence can be worked on all at once, as a convolution "
            "with a kernel that A, the readout C and the step Δ make. Learned are A, C, Δ and D, which passes the present by; features "
            "meet only in the map after the activation.\n\n"
            "Where A starts matters most. Lin turns at multiples of π, as a Fourier series does; Inv and LegS approximate the memory "
            "HiPPO-LegS, in which the past is kept as Legendre polynomials; real modes only fade; random ones turn at random speeds. "
            "Each mode stands for a pair of conjugate numbers, so the state size N of the paper is twice the number of modes. The "
            "discretisation says how the continuous rates become steps.\n\n"
            "Long pieces are convolved by Fourier transforms, shorter ones by a matrix, single positions by steps: the numbers are the "
            "same up to rounding. The input map B is 1 throughout, since only the product with C counts; training it as well, which the "
            "paper tries, would change only the way there. What is learned of A is a difference from where it starts, so weight decay "
            "draws back to the start. Dropout and the smaller learning rate of A and Δ in the authors' code are not included."
        ),
        parameters=(
            Whole(
                name="modes",
                title="Modes",
                default=16,
                low=1,
                high=256,
                log=True,
                unit="a feature",
                role="modes",
                meaning="Oscillations of each feature, each standing for a conjugate pair: N / 2 in the paper.",
            ),
            Choice(
                name="start",
                title="Start of A",
                default="lin",
                options={"lin": "S4D-Lin", "inv": "S4D-Inv", "legs": "S4D-LegS", "real": "S4D-Real", "random": "Random"},
                meaning="How fast the modes turn and fade before anything is learned.",
            ),
            Choice(
                name="discretisation",
                title="Discretisation",
                default="zoh",
                options={"zoh": "Zero-order hold", "bilinear": "Bilinear"},
                meaning="How continuous time becomes steps: the input stands still during a step, or goes on in a straight line.",
            ),
            Real(
                name="shortest_step",
                title="Shortest step",
                default=0.001,
                low=0.00001,
                high=0.01,
                log=True,
                meaning="Where Δ starts, log-uniform between this and the longest step; a short step remembers long.",
            ),
            Real(
                name="longest_step",
                title="Longest step",
                default=0.1,
                low=0.01,
                high=1.0,
                log=True,
                meaning="Where Δ starts, log-uniform between the shortest step and this.",
            ),
            Flag(name="activation", title="GELU", default=True, meaning="Pass what is read through GELU before features are mixed."),
            Choice(
                name="mixing",
                title="Channel mixing",
                default="glu",
                options={"glu": "Gated (GLU)", "linear": "Linear", "none": "None"},
                meaning="How features meet after the memory: a map with a gate, a plain map, or not at all.",
            ),
        ),
        equations=(
            Equation("State", "sₜ = Ā sₜ₋₁ + B̄ uₜ  of each feature u, complex"),
            Equation("Reading", "yₜ = 2 Re Σₙ Cₙ sₜₙ + D uₜ"),
            Equation("The same as a convolution", "y = K * u + D u,  Kₗ = 2 Re Σₙ Cₙ Āₙˡ B̄ₙ"),
            Equation("Zero-order hold", "Ā = exp(Δ A),  B̄ = (Ā − 1) / A"),
            Equation("Bilinear", "Ā = (1 + Δ A / 2) / (1 − Δ A / 2),  B̄ = Δ / (1 − Δ A / 2)"),
            Equation("Start", "Lin: Aₙ = −1/2 + iπn;  Inv: Aₙ = −1/2 + i (N/π)(N/(2n+1) − 1);  LegS: eigenvalues of the normal part"),
            Equation("Output", "oₜ = GLU(W GELU(yₜ) + b)"),
        ),
        sources=(GU, S4),
        implementation="memstudio.components.sequence.s4d.layers:S4d",
        reference="memstudio.components.sequence.s4d.reference:run",
        cost=cost,
        tiny={"modes": 2},
        synonyms=("S4", "DSS", "SSM", "linear state space", "HiPPO", "long convolution", "Legendre", "Fourier"),
        presets=(
            Preset(
                id="sequence.s4d_legs",
                title="Diagonal state space (S4D-LegS)",
                values={"start": "legs"},
                summary="Damped oscillations that start as the HiPPO memory of Legendre polynomials, made diagonal.",
                sources=(GU,),
            ),
            Preset(
                id="sequence.s4d_inv",
                title="Diagonal state space (S4D-Inv)",
                values={"start": "inv"},
                summary="Damped oscillations with many slow and a few very fast ones.",
                sources=(GU,),
            ),
        ),
    ),
)
