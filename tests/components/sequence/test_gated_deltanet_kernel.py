"""The kernel that stands in on CUDA, by substitution: what it is given and what is made of its answer, with its own conventions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components.sequence import kernels
from memstudio.components.sequence.gated_deltanet import ops, reference
from tests.components.sequence.test_gated_deltanet import entries, start

Given = dict[str, Any]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Lets CPU tensors pass for CUDA's and stands in for the library: (B, T, H, ...) in, states of (key, value); what it was given."""
    seen: Given = {}

    def chunk_gated_delta_rule(
        q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: Tensor, scale: float, initial_state: Tensor | None, output_final_state: bool
    ) -> tuple[Tensor, Tensor]:
        seen.update(q=q, k=k, v=v, g=g, beta=beta, initial_state=initial_state)
        assert output_final_state
        assert all(part.is_contiguous() for part in seen.values() if part is not None)
        state = None if initial_state is None else initial_state.double().mT
        answers, last = reference.gated_delta_rule(*(part.double() for part in (scale * q, k, v, g, beta)), state)
        return answers.to(v.dtype), last.mT.float()

    monkeypatch.setattr(kernels, "installed", lambda module, name: chunk_gated_delta_rule if name == "chunk_gated_delta_rule" else None)
    monkeypatch.setattr(kernels, "on_gpu", lambda tensor: True)
    return seen


def half(inputs: list[Tensor]) -> list[Tensor]:
    """Keys, queries and values in bfloat16; gates in float32, as the layer gives them."""
    return [part.bfloat16() if index < 3 else part.float() for index, part in enumerate(inputs)]


@pytest.mark.parametrize("lead", [(2,), (2, 3), (2, 3, 1)])
@pytest.mark.parametrize("carried", [False, True])
def test_it_answers_as_ours(given: Given, monkeypatch: pytest.MonkeyPatch, lead: tuple[int, ...], carried: bool) -> None:
    inputs, state = half(entries(19, lead=lead)), start(lead).float() if carried else None
    answers, last = ops.gated_delta_rule(*inputs, state)
    assert given["q"].shape == (torch.Size(lead).numel(), 19, 2, 3)
    monkeypatch.setattr(kernels, "on_gpu", lambda tensor: False)
    ours, our_last = ops.gated_delta_rule(*inputs, state)
    assert (answers.shape, answers.dtype, last.shape, last.dtype) == (ours.shape, ours.dtype, our_last.shape, our_last.dtype)
    # both round to 8 bits of fraction at the end
    torch.testing.assert_close(answers, ours, rtol=2**-7, atol=2**-7)
    torch.testing.assert_close(last, our_last, rtol=1e-5, atol=1e-5)


def test_fed_in_pieces_it_gives_the_same(given: Given) -> None:
    inputs = half(entries(12))
    whole, last = ops.gated_delta_rule(*inputs)
    first, state = ops.gated_delta_rule(*(part[:, :5] for part in inputs))
    second, end = ops.gated_delta_rule(*(part[:, 5:] for part in inputs), state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=2**-7, atol=2**-7)
    torch.testing.assert_close(end, last, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [lambda part: part.float(), lambda part: part.double(), lambda part: part[..., :1].expand(*part.shape[:-1], kernels.WIDEST + 1)],
    ids=["float32", "float64", "too wide"],
)
def test_what_it_cannot_take_is_ours(given: Given, change: Callable[[Tensor], Tensor]) -> None:
    inputs = half(entries(6))
    ops.gated_delta_rule(*(change(part) if index < 3 else part for index, part in enumerate(inputs)))
    assert not given


def test_members_under_vmap_are_ours(given: Given) -> None:
    inputs = half(entries(6, lead=(3, 2)))
    torch.func.vmap(lambda *parts: ops.gated_delta_rule(*parts)[0])(*inputs)
    assert not given


def test_without_the_library_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "on_gpu", lambda tensor: True)
    monkeypatch.setattr(kernels, "installed", lambda module, name: None)
    inputs = half(entries(6))
    assert torch.isfinite(ops.gated_delta_rule(*inputs)[0]).all()
