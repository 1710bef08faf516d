"""The expressive leaky memory neuron."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Real, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """A weight a synapse, the network that writes, the output map; a number a branch and a memory unit."""
    width, units, layers = width_of(inputs), values["units"], values["layers"]
    branches, hidden = -(-width // values["synapses"]), values["hidden"] or 2 * units
    made = (branches + units) * hidden + (layers - 1) * hidden * hidden + hidden * units + units * width
    numbers = width + layers * hidden + units + width + (units if values["learned"] else 0)
    return Cost(made + numbers, (branches + units) * BYTES, products(inputs, made))


def refuse(values: Values, inputs: Inputs) -> str | None:
    """The longest time constant must not be below the shortest."""
    if values["tau_max"] < values["tau_min"]:
        return f"The longest time constant, {values['tau_max']:g}, is below the shortest, {values['tau_min']:g}; raise it."
    return None


SPIELER = Source(
    "Spieler, Rahaman, Martius, Schölkopf, Levina",
    2024,
    "The Expressive Leaky Memory Neuron: an Efficient and Expressive Phenomenological Neuron Model Can Solve Long-Horizon Tasks",
    "ICLR 2024",
    systems=("S186",),
)

COMPONENTS = (
    memory(
        id="sequence.elm_neuron",
        title="ELM neuron",
        summary="One rich neuron: many leaky memories that fade at speeds from 1 to 1,000 positions, written by a small network.",
        explanation=(
            "A model of a cortical neuron. Every feature that comes in is a synapse with a weight that cannot be negative and a trace "
            "that fades over a few positions. A small network sees all traces and the faded memory, and says what each memory unit should "
            "take in; the units are leaky, each with a time constant of its own, spread evenly on a logarithmic scale from the shortest to "
            "the longest. Slow units take in little at a time and hold it long, so what happened hundreds of positions ago is still there "
            "without any gate being held open.\n\n"
            "The branch form sums neighbouring synapses before the network sees them, as a dendrite does, and so needs far fewer weights. "
            "The authors' later code writes with 1 − κ^λ, which stays below 1, instead of λ (1 − κ): that is the bounded writing here. "
            "Time constants are fixed, or learned between their ends as in the authors' code; here they then start a ten-thousandth of "
            "the range inside, because at the ends themselves they could not move.\n\n"
            "Otherwise than in the authors' experiments, each feature is one synapse and belongs to one branch (theirs can route an input "
            "to several branches, or at random), one time step is one position, and traces are kept a branch, which is the same since all "
            "synapses fade alike. The memory goes through the network at every step, so a sequence cannot be worked on in chunks."
        ),
        parameters=(
            Whole(
                name="units",
                title="Memory units",
                default=64,
                low=1,
                high=2048,
                log=True,
                role="memory_units",
                meaning="Leaky memories, each with a time constant of its own.",
            ),
            Whole(
                name="synapses",
                title="Synapses of a branch",
                default=1,
                low=1,
                high=1024,
                log=True,
                role="synapses",
                meaning="How many neighbouring inputs are summed before the network sees them; 1 lets it see every one.",
            ),
            Whole(
                name="hidden",
                title="Hidden width",
                default=0,
                low=0,
                high=4096,
                role="hidden",
                meaning="Hidden width of the network that writes; 0 is twice the memory units.",
            ),
            Whole(
                name="layers",
                title="Hidden layers",
                default=1,
                low=1,
                high=4,
                role="hidden_layers",
                meaning="Hidden layers of the network that writes.",
            ),
            Real(
                name="tau_min",
                title="Shortest time constant",
                default=1.0,
                low=0.1,
                high=1e4,
                log=True,
                unit="positions",
                role="tau_min",
                meaning="After so many positions the quickest memory has faded to 37 %.",
            ),
            Real(
                name="tau_max",
                title="Longest time constant",
                default=1000.0,
                low=0.1,
                high=1e6,
                log=True,
                unit="positions",
                role="tau_max",
                meaning="After so many positions the slowest memory has faded to 37 %.",
            ),
            Flag(
                name="learned",
                title="Learned time constants",
                default=False,
                role="learned_tau",
                meaning="Let the time constants move between the shortest and the longest.",
            ),
            Real(
                name="synapse_tau",
                title="Synapse time constant",
                default=5.0,
                low=0.1,
                high=1000.0,
                log=True,
                unit="positions",
                role="synapse_tau",
                meaning="After so many positions the trace of an input at its synapse has faded to 37 %.",
            ),
            Real(
                name="gain",
                title="Writing gain",
                default=5.0,
                low=0.01,
                high=100.0,
                log=True,
                role="writing_gain",
                meaning="How many times faster than it fades a memory takes in what the network says; λ in the equations.",
            ),
            Flag(
                name="bounded",
                title="Bounded writing",
                default=False,
                role="bounded_writing",
                meaning="Write with 1 − κ^λ, which never exceeds 1, instead of λ (1 − κ).",
            ),
        ),
        equations=(
            Equation("Branches", "bₜ = κ_s bₜ₋₁ + Σ relu(w_s) xₜ,  κ_s = exp(−1 / τ_s)"),
            Equation("Writing", "Δmₜ = 1.7159 tanh(⅔ MLP([bₜ, κ ⊙ mₜ₋₁]))"),
            Equation("Memory", "mₜ = κ ⊙ mₜ₋₁ + λ (1 − κ) ⊙ Δmₜ,  κ = exp(−1 / τ)"),
            Equation("Bounded writing", "mₜ = κ ⊙ mₜ₋₁ + (1 − κ^λ) ⊙ Δmₜ"),
            Equation("Output", "yₜ = W_y mₜ + b_y"),
        ),
        sources=(SPIELER,),
        implementation="memstudio.components.sequence.elm_neuron.layers:ElmNeuron",
        reference="memstudio.components.sequence.elm_neuron.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={"units": 4, "hidden": 5, "tau_max": 50.0},
        synonyms=("ELM", "expressive leaky memory", "leaky integrator", "time constants", "dendrite", "branch", "cortical neuron"),
        presets=(
            Preset(
                id="sequence.branch_elm",
                title="Branch ELM",
                values={"synapses": 4},
                summary="The ELM neuron with synapses summed into a few branches first: the same with far fewer weights.",
                sources=(SPIELER,),
            ),
        ),
    ),
)
