"""What every probe declares."""

from __future__ import annotations

import pytest

from memstudio.components.probe.calibration import declare as calibration
from memstudio.components.probe.capacity import declare as capacity
from memstudio.components.probe.cost import declare as cost
from memstudio.components.probe.cue_noise import declare as cue_noise
from memstudio.components.probe.family import EVERY, FAMILY, ITEMS, TRAINED
from memstudio.components.probe.forgetting import declare as forgetting
from memstudio.components.probe.load_capacity import declare as load_capacity
from memstudio.components.probe.memory_state import declare as memory_state
from memstudio.components.probe.perplexity import declare as perplexity
from memstudio.components.probe.recall import declare as recall
from memstudio.components.probe.retrieval import declare as retrieval
from memstudio.components.runtime import Probe
from memstudio.experiment.declarations import Component
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.kinds import Kind

PROBES = [
    *recall.COMPONENTS,
    *calibration.COMPONENTS,
    *memory_state.COMPONENTS,
    *cost.COMPONENTS,
    *forgetting.COMPONENTS,
    *capacity.COMPONENTS,
    *cue_noise.COMPONENTS,
    *load_capacity.COMPONENTS,
    *perplexity.COMPONENTS,
    *retrieval.COMPONENTS,
]


@pytest.mark.parametrize("component", PROBES, ids=lambda c: c.id)
def test_every_probe_is_declared_alike(component: Component) -> None:
    assert component.parameters[:2] == (EVERY, ITEMS)
    assert component.parameters[0] is EVERY
    assert component.takes == (TRAINED,)
    assert TRAINED.takes(Kind.TRAINED)
    assert component.explanation
    assert component.equations
    assert component.family == FAMILY.id


@pytest.mark.parametrize("component", PROBES, ids=lambda c: c.id)
@pytest.mark.parametrize("tiny", [False, True])
def test_every_probe_builds(component: Component, tiny: bool) -> None:
    entry = Catalogue([FAMILY], PROBES).entry(component.id)
    probe = entry(**(component.tiny if tiny else {})).build()
    assert isinstance(probe, Probe)
    assert (probe.every, probe.items) == ((1, 8) if tiny else (10, 64))
    assert probe.state() == {}
