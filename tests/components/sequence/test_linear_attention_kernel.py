"""The kernels that stand in on CUDA, by substitution: what they are given and what is made of their answers, with their own conventions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components.sequence import kernels
from memstudio.components.sequence.linear_attention import ops, reference
from memstudio.components.sequence.selective_state_space.ops import decayed_sum

Given = dict[str, Any]


def stand_in(seen: Given, name: str) -> Callable[..., tuple[Tensor, Tensor]]:
    """(B, T, H, ...) in, states of (key, value), queries scaled as told: the library's conventions over our reference."""

    def kernel(
        q: Tensor, k: Tensor, v: Tensor, *, scale: float, initial_state: Tensor | None, output_final_state: bool, g: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        seen.update(name=name, q=q, k=k, v=v, g=g, initial_state=initial_state)
        assert output_final_state
        assert q.dtype == k.dtype == v.dtype == torch.bfloat16
        assert all(part.is_contiguous() for part in (q, k, v, g, initial_state) if part is not None)
        state = None if initial_state is None else initial_state.double().mT
        decay = None if g is None else g.double()
        answers, last = reference.linear_attention(scale * q.double(), k.double(), v.double(), decay, state)
        return answers.to(v.dtype), last.mT.float()

    return kernel


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Lets CPU tensors pass for CUDA's and stands in for the library; what it was given."""
    seen: Given = {}
    known = {"chunk_simple_gla": stand_in(seen, "chunk_simple_gla"), "chunk_gla": stand_in(seen, "chunk_gla")}
    monkeypatch.setattr(kernels, "installed", lambda module, name: known.get(name))
    monkeypatch.setattr(kernels, "on_gpu", lambda tensor: True)
    return seen


def inputs(lead: tuple[int, ...] = (2,), time: int = 19) -> list[Tensor]:
    """Queries and keys of width 3 and values of width 4 in bfloat16, two heads."""
    draw = torch.Generator().manual_seed(0)
    shapes = [(*lead, time, 2, 3), (*lead, time, 2, 3), (*lead, time, 2, 4)]
    return [torch.randn(shape, generator=draw).bfloat16() for shape in shapes]


DECAYS = {
    "none": (lambda lead, time: None, "chunk_simple_gla"),
    "head": (lambda lead, time: -torch.rand(*lead, time, 2), "chunk_simple_gla"),
    "channel": (lambda lead, time: -torch.rand(*lead, time, 2, 3), "chunk_gla"),
}


@pytest.mark.parametrize("decay", DECAYS)
@pytest.mark.parametrize(("lead", "carried"), [((2,), False), ((2, 3), True)])
def test_it_answers_as_ours(given: Given, monkeypatch: pytest.MonkeyPatch, decay: str, lead: tuple[int, ...], carried: bool) -> None:
    q, k, v = inputs(lead)
    make, name = DECAYS[decay]
    g, state = make(lead, 19), torch.randn(*lead, 2, 4, 3) if carried else None
    answers, last = ops.linear_attention(q, k, v, g, state)
    assert given["name"] == name
    assert given["q"].shape == (torch.Size(lead).numel(), 19, 2, 3)
    monkeypatch.setattr(kernels, "on_gpu", lambda tensor: False)
    ours, our_last = ops.linear_attention(q, k, v, g, state)
    assert (answers.shape, answers.dtype, last.shape, last.dtype) == (ours.shape, ours.dtype, our_last.shape, our_last.dtype)
    # both round to 8 bits of fraction at the end
    torch.testing.assert_close(answers, ours, rtol=2**-7, atol=2**-6)
    torch.testing.assert_close(last, our_last, rtol=1e-5, atol=1e-5)


def test_the_state_space_with_shared_maps_goes_there_too(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries and keys that all heads share are views of one head."""
    q, k, v = inputs()
    q, k = (part[..., :1, :].expand(part.shape) for part in (q, k))
    g = -torch.rand(2, 19, 2)
    answers, last = decayed_sum(q, k, v, g)
    assert given["name"] == "chunk_simple_gla"
    monkeypatch.setattr(kernels, "on_gpu", lambda tensor: False)
    ours, our_last = decayed_sum(q, k, v, g)
    torch.testing.assert_close(answers, ours, rtol=2**-7, atol=2**-6)
    torch.testing.assert_close(last, our_last, rtol=1e-5, atol=1e-5)


def test_what_it_cannot_take_is_ours(given: Given) -> None:
    q, k, v = inputs(time=6)
    ops.linear_attention(q, k, v, normalise=True)
    ops.linear_attention(q.float(), k.float(), v.float())
    wide = k[..., :1].expand(*k.shape[:-1], kernels.WIDEST + 1)
    ops.linear_attention(wide, wide, v)
    torch.func.vmap(lambda *parts: ops.linear_attention(*parts)[0])(q, k, v)
    assert not given
