"""The contract that implementations meet: draws, data, models, learning, judging. Imports torch."""

from memstudio.components.runtime.data import Batch, Part, Stream, only_allowed
from memstudio.components.runtime.draws import Draws, derived_seed, member_seed
from memstudio.components.runtime.judging import Axis, Curve, Measured, Outcome, Probe, Trained
from memstudio.components.runtime.learning import Draw, Learner, NonFinite, ReadModel, Strategy
from memstudio.components.runtime.models import Associative, Graph, LossChange, Model, Readout, storing

__all__ = [
    "Associative",
    "Axis",
    "Batch",
    "Curve",
    "Draw",
    "Draws",
    "Graph",
    "Learner",
    "LossChange",
    "Measured",
    "Model",
    "NonFinite",
    "Outcome",
    "Part",
    "Probe",
    "ReadModel",
    "Readout",
    "Strategy",
    "Stream",
    "Trained",
    "derived_seed",
    "member_seed",
    "only_allowed",
    "storing",
]
