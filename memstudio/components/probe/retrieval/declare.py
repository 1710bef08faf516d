"""Retrieval: signal and noise of what a trained memory answers, against theory."""

from __future__ import annotations

from memstudio.components.probe.family import SHARED, TRAINED, classes_only
from memstudio.experiment.declarations import Component, Equation, Source
from memstudio.experiment.parameters import Choice, Whole

COMPONENTS = (
    Component(
        id="probe.retrieval",
        title="Retrieval",
        summary="How clearly each readable memory answers as it fills: signal-to-noise ratio against theory.",
        explanation=(
            "N pairs of a key and a value are written into an empty memory of the trained model, one after the other, by the memory's "
            "own rule; then it is asked with each of the N keys. The part of an answer that goes with the value of that key is signal, "
            "all the rest is noise: other values, and whatever the rule adds. Their ratio, mean powers over all N pairs and all heads, "
            "is shown in decibels (10 dB: ten times as much signal; 0 dB: as much noise as signal; it ends at ±60 dB).\n\n"
            "Values are random, normal with the root mean square of the model's own values, so that signal and noise can be told "
            "apart. Keys are random directions as long as the model's own keys (random; positive where those are by their form), or "
            "those that the trained model itself makes for the first N positions of test items with the heaviest load (items). What "
            "else an entry holds (decay, write strength) is always the model's own, drawn from those positions: a memory that fades "
            "loses signal of old pairs, one that writes weakly answers weakly. What stands before and after the memory (short "
            "convolution, output) takes no part.\n\n"
            "Theory is that of a linear memory S = Σ v kᵀ without decay: keys of length 1 in d random directions add noise "
            "(N − 1) / d. With items it is also given for the overlap these keys really have (these keys). A delta rule without decay "
            "lies above the line of theory while N is below d, softmax attention far above it where keys are long, "
            "a fading memory below it.\n\n"
            "retrieval_capacity is the N at which noise equals signal (0 dB), between two measured N; the largest N measured where it "
            "is not reached, 0 where two pairs are too many. Theory has it at d + 1.\n\n"
            "Where a position writes several pairs (products of delta rules), they count as so many, each asked with its own key. "
            "Only memories whose layer is called as such are looked at (readable_memories says how many): one inside a mixture or another "
            "wrapper is not. Of an ensemble the first member is measured."
        ),
        takes=(TRAINED,),
        parameters=(
            *SHARED,
            Choice(
                name="keys",
                title="Keys",
                default="both",
                options={"both": "Both", "random": "Random directions", "items": "The model's own, of test items"},
                meaning="Which keys are written and asked.",
            ),
            Whole(
                name="largest",
                title="Most pairs",
                default=128,
                low=2,
                high=4096,
                log=True,
                unit="pairs",
                meaning="Up to how many pairs are written, doubling from 2; with the model's own keys at most as many as items are long.",
            ),
            Whole(
                name="repeats",
                title="Repeats",
                default=2,
                low=2,
                high=256,
                log=True,
                meaning="How often each number of pairs is written, with other values; eight times as often at the end of each stage.",
            ),
        ),
        equations=(
            Equation("Answer to key j", "aⱼ = read(kⱼ) = gⱼ vⱼ + noiseⱼ,  gⱼ = Σ aⱼ·vⱼ / Σ vⱼ·vⱼ over repeats"),
            Equation("Ratio", "SNR = mean ‖gⱼ vⱼ‖² / mean ‖aⱼ − gⱼ vⱼ‖²"),
            Equation("Linear memory, random keys of length 1", "SNR⁻¹ = (N − 1) / d"),
            Equation("Linear memory, these keys", "SNR⁻¹ = (N − 1) · mean over i ≠ j of (kᵢ·kⱼ)² / (kⱼ·kⱼ)²"),
        ),
        sources=(
            Source(
                "Zhong, Xu, Ao, Shi",
                2025,
                "Understanding Transformer from the Perspective of Associative Memory",
                "arXiv:2505.19488",
                ("S131",),
            ),
        ),
        implementation="memstudio.components.probe.retrieval.measure:Retrieval",
        reference="memstudio.components.probe.retrieval.reference:ratio",
        refuse=classes_only,
        tiny={"every": 1, "items": 8, "largest": 8},
        synonyms=("SNR", "signal to noise", "capacity", "interference", "kernel", "associative memory", "crosstalk"),
    ),
)
