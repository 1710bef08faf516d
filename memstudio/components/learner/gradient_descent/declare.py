"""Gradient descent, declared."""

from __future__ import annotations

from typing import Any

from memstudio.components.learner.strategies import STRATEGIES, conflict
from memstudio.experiment.declarations import Component, Equation, Port, Source, Values
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.packing import PACKS
from memstudio.experiment.parameters import Choice, Flag, NestedList, Real, Whole


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    given = inputs.one("model")
    return {"trained": Spec(Kind.TRAINED, width=given.width, time=given.time)}


def _refuse(values: Values, inputs: Inputs) -> str | None:
    given = inputs.ports.get("model", ())
    if given and (given[0].kind is Kind.PATTERNS or (inputs.targets is not None and inputs.targets.what == "pattern")):
        return "A memory that gives patterns back has nothing that a gradient could train; take One-shot writing instead."
    if values["warm_up"] > values["steps"]:
        return f"Warm-up takes {values['warm_up']:,} of only {values['steps']:,} steps; make it shorter or train longer."
    if values["optimiser"] == "sgd" and values["nesterov"] and values["momentum"] == 0:
        return "Nesterov's form needs a momentum above 0."
    refusals = (one.refusal(inputs) for one in values["strategies"])
    return conflict(values["strategies"]) or next((refusal for refusal in refusals if refusal), None)


def _sizes(values: Values, inputs: Inputs) -> dict[str, Any]:
    return {"experiences": inputs.targets.experiences if inputs.targets else 1}


COMPONENTS = [
    Component(
        id="learner.gradient_descent",
        title="Gradient descent",
        summary="Trains by AdamW or SGD, with warm-up, a constant or cosine rate, and clipping.",
        explanation=(
            "At each step a batch is drawn, the loss and its gradient are computed, and the weights move against the gradient. AdamW "
            "scales each weight's step by running means of its gradient (β₁ = 0.9) and squared gradient (β₂ = 0.999, ε = 10⁻⁸) and "
            "shrinks weights apart from the gradient; SGD adds weight decay to the gradient and may carry momentum.\n\n"
            "Weight decay acts on weights with two or more axes (maps, embeddings, convolutions) and not on the rest: biases, the "
            "scales of norms, a single gate or decay for each head.\n\n"
            "The rate rises in a straight line during warm-up, then stays or falls along half a cosine to nothing at the end. "
            "Clipping scales the gradient down where its norm over all weights exceeds the limit; with several members each is "
            "clipped by its own norm. The gradient norm that is recorded is the one before clipping; update_ratio is the norm of the "
            "step that was taken over the norm of the weights before it (about 10⁻³ in healthy training). Both are means over "
            "members.\n\n"
            "Where the stream has several experiences (tasks that come one after the other), each is trained for that many steps, with "
            "the rate's warm-up and fall beginning anew; the optimiser's running means go on. Nothing keeps what was learned before "
            "from being overwritten unless a strategy does: without one this is plain fine-tuning."
        ),
        equations=(
            Equation("Rate", "ηₜ = η · min(1, (t+1)/w) · ½ (1 + cos π (t−w)₊/(T−w))"),
            Equation("Clipping", "g ← g · min(1, c / (‖g‖ + 10⁻⁶))"),
            Equation("AdamW", "m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← θ − η λ θ − η m̂ / (√v̂ + ε)"),
            Equation("SGD", "b ← μ b + g + λθ,  θ ← θ − η b   (Nesterov: θ ← θ − η (g + λθ + μ b))"),
        ),
        sources=(
            Source("Loshchilov, Hutter", 2019, "Decoupled Weight Decay Regularization", "ICLR, arXiv:1711.05101"),
            Source("Kingma, Ba", 2015, "Adam: A Method for Stochastic Optimization", "ICLR, arXiv:1412.6980"),
            Source("Loshchilov, Hutter", 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", "ICLR, arXiv:1608.03983"),
            Source("Sutskever, Martens, Dahl, Hinton", 2013, "On the Importance of Initialization and Momentum in Deep Learning", "ICML"),
            Source("Pascanu, Mikolov, Bengio", 2013, "On the Difficulty of Training Recurrent Neural Networks", "ICML, arXiv:1211.5063"),
        ),
        traits=frozenset({PACKS}),
        takes=(Port("model", Kind.MODEL, "Model", also=(Kind.TRAINED,)), Port("stream", Kind.STREAM, "Stream", optional=True)),
        gives=(Port("trained", Kind.TRAINED, "Trained"),),
        parameters=(
            Whole(
                name="steps",
                title="Steps",
                default=1000,
                low=1,
                high=10_000_000,
                log=True,
                unit="steps",
                role="steps",
                meaning="How many batches are learned from, of each experience where the stream has several.",
            ),
            Whole(
                name="batch",
                title="Batch",
                default=32,
                low=1,
                high=65_536,
                log=True,
                unit="items",
                role="batch",
                meaning="How many items a batch holds, for each member.",
            ),
            Choice(
                name="optimiser",
                title="Optimiser",
                default="adamw",
                options={"adamw": "AdamW", "sgd": "SGD"},
                role="optimiser",
                meaning="How the gradient becomes a step.",
            ),
            Real(
                name="rate",
                title="Learning rate",
                default=1e-3,
                low=1e-8,
                high=100.0,
                log=True,
                role="rate",
                meaning="The length of a step; SGD usually wants one ten to a hundred times that of AdamW.",
            ),
            Real(
                name="weight_decay",
                title="Weight decay",
                default=0.01,
                low=0.0,
                high=10.0,
                role="weight_decay",
                meaning="How strongly weights with two or more axes are drawn towards 0.",
            ),
            Real(
                name="momentum",
                title="Momentum",
                default=0.9,
                low=0.0,
                high=0.9999,
                role="momentum",
                meaning="How much of the last step SGD carries on.",
                shown_when=("optimiser", "sgd"),
            ),
            Flag(
                name="nesterov",
                title="Nesterov",
                default=False,
                role="nesterov",
                meaning="Looks ahead along the momentum.",
                shown_when=("optimiser", "sgd"),
            ),
            Whole(
                name="warm_up",
                title="Warm-up",
                default=0,
                low=0,
                high=1_000_000,
                unit="steps",
                role="warm_up",
                meaning="Over how many steps the rate rises to its full value.",
            ),
            Choice(
                name="schedule",
                title="Schedule",
                default="cosine",
                options={"constant": "Constant", "cosine": "Cosine"},
                role="schedule",
                meaning="What the rate does after warm-up: stay, or fall along half a cosine to nothing.",
            ),
            Real(
                name="clip",
                title="Clip",
                default=1.0,
                low=0.0,
                high=1e6,
                role="clip",
                meaning="The largest norm of the gradient over all weights of a member; 0 leaves it as it is.",
            ),
            Whole(
                name="validate_every",
                title="Validate every",
                default=100,
                low=0,
                high=10_000_000,
                unit="steps",
                role="validate_every",
                meaning="How often the validation items are judged, by which the best checkpoint is chosen; 0 only at the end.",
            ),
            NestedList(
                name="strategies",
                title="Strategies",
                default=(),
                family="learner",
                traits=STRATEGIES,
                role="strategies",
                meaning="What keeps earlier tasks from being forgotten while later ones are learned; each acts in its turn.",
            ),
        ),
        implementation="memstudio.components.learner.gradient_descent.descent:GradientDescent",
        reference="memstudio.components.learner.gradient_descent.reference:descend",
        outputs=_outputs,
        sizes=_sizes,
        refuse=_refuse,
        tiny={"steps": 3, "batch": 2, "validate_every": 2},
        synonyms=("Adam", "AdamW", "SGD", "optimizer", "optimiser", "backpropagation", "training", "cosine", "warmup", "momentum"),
    )
]
