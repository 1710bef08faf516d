"""The wave RNN, and the identity RNN as its control without waves."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Real, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """Input map with its bias, what joins the units, output map; one number a unit. A ring costs its kernel at each of its units."""
    width, channels, units = width_of(inputs), values["channels"], values["units"]
    size, kernel = channels * units, channels * channels * (2 * values["reach"] + 1)
    dense = values["connections"] == "dense"
    link, joined = (size * size, size * size) if dense else (kernel, kernel * units)
    return Cost(2 * size * width + size + link, size * BYTES, products(inputs, 2 * size * width, joined))


LE = Source(
    "Le, Jaitly, Hinton", 2015, "A Simple Way to Initialize Recurrent Networks of Rectified Linear Units", "arXiv 1504.00941: identity RNN"
)

COMPONENTS = (
    memory(
        id="sequence.wave_rnn",
        title="Wave RNN",
        summary="Rings of units round which every input travels as a wave, so that the recent past lies side by side.",
        explanation=(
            "The units of a channel stand in a ring, and each hears only its neighbours: the recurrent map is a circular convolution. A "
            "new network moves all activity on by one unit a position, and inputs enter at one unit of each ring only. What came n "
            "positions ago then stands n units further, untouched by what came later, until it has gone round the ring and meets what "
            "enters: a short-term memory as long as the ring. Kernel, inputs and everything else are learned from there, and the kernel "
            "also mixes the channels.\n\n"
            "The control without waves joins every unit with every other, starts with the identity, so that activity stays where it is, "
            "and takes inputs in everywhere: an identity RNN. With rectified units a position whose input is negative in all channels "
            "leaves nothing behind, and nothing fades: activity adds up as it goes round.\n\n"
            "Otherwise than in the authors' code, the input weights at the source are drawn at random for each channel (theirs are all 1, "
            "so that all channels begin with the same), inputs that enter everywhere do so as strongly altogether as at the source "
            "(theirs with a spread of 0.001), there is one bias a unit, which starts at 0 (theirs has a random one a channel besides, "
            "which fills a ring by and by), and the output map has no bias. Every step waits for the one before, so a sequence "
            "cannot be worked on in chunks. In an ensemble the members are computed one after another, which is quicker here."
        ),
        parameters=(
            Whole(
                name="channels",
                title="Channels",
                default=4,
                low=1,
                high=64,
                role="channels",
                meaning="Rings side by side.",
            ),
            Whole(
                name="units",
                title="Units of a ring",
                default=64,
                low=3,
                high=1024,
                log=True,
                unit="a channel",
                role="ring",
                meaning="How long a ring is: about so many positions back can be told apart.",
            ),
            Choice(
                name="connections",
                title="Connections",
                default="ring",
                options={"ring": "Neighbours on a ring", "dense": "Every unit with every other"},
                role="connections",
                meaning="Which units hear each other; only on rings do waves stay once learning has begun.",
            ),
            Whole(
                name="reach",
                title="Reach",
                default=1,
                low=1,
                high=8,
                unit="units",
                role="kernel_reach",
                shown_when=("connections", "ring"),
                meaning="How many neighbours on each side a unit of a ring hears; 1 is a kernel of three.",
            ),
            Real(
                name="order",
                title="Ordered start",
                default=1.0,
                low=0.0,
                high=1.0,
                role="ordered_start",
                meaning="How much of the recurrent map starts by moving activity on; the rest, at 0 all of it, is random.",
            ),
            Real(
                name="speed",
                title="Speed at the start",
                default=1.0,
                low=0.0,
                high=1.0,
                unit="units a position",
                role="wave_speed",
                meaning="Where the start is ordered, the share of activity that moves on by one unit a position; 0 is the identity.",
            ),
            Real(
                name="source",
                title="One source",
                default=1.0,
                low=0.0,
                high=1.0,
                role="one_source",
                meaning="How much of the input enters at one unit of each ring at the start; the rest, at 0 all of it, everywhere.",
            ),
            Choice(
                name="activation",
                title="Activation",
                default="relu",
                options={"relu": "Rectified linear", "tanh": "Hyperbolic tangent", "identity": "None (linear)"},
                role="activation",
                meaning="What each unit does to the sum of what it hears.",
            ),
        ),
        equations=(
            Equation("Rings", "hₜ = φ(u ⊛ hₜ₋₁ + V xₜ + b),  (u ⊛ h)ᵢ[p] = Σⱼ Σₛ uᵢⱼ[s] hⱼ[(p − s) mod n]"),
            Equation("All to all", "hₜ = φ(U hₜ₋₁ + V xₜ + b)"),
            Equation("Start", "uᵢᵢ = [0, 1 − ν, ν],  uᵢⱼ = 0;  V = 0 but for unit 0 of each ring"),
            Equation("Output", "yₜ = W_y hₜ"),
        ),
        sources=(
            Source(
                "Keller, Muller, Sejnowski, Welling",
                2024,
                "Traveling Waves Encode the Recent Past and Enhance Sequence Learning",
                "ICLR 2024",
                systems=("S080",),
            ),
            LE,
        ),
        implementation="memstudio.components.sequence.wave_rnn.layers:WaveRnn",
        reference="memstudio.components.sequence.wave_rnn.reference:run",
        cost=cost,
        tiny={"channels": 3, "units": 5, "order": 0.75, "speed": 0.75, "activation": "tanh"},
        synonyms=("wRNN", "travelling waves", "traveling waves", "ring", "circular convolution", "recurrent", "RNN", "shift register"),
        presets=(
            Preset(
                id="sequence.identity_rnn",
                title="Identity RNN",
                values={"connections": "dense", "speed": 0.0, "source": 0.0},
                summary="A plain recurrent network that starts by keeping everything where it is: the wave RNN's control without waves.",
                sources=(LE,),
            ),
        ),
    ),
)
