"""Checkpoints: nested tensors and JSON in one safetensors file, tied tensors once. Nothing unpickles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from memstudio.experiment.parameters import Refusal

FORMAT = "memstudio checkpoint"
VERSION = 1

#: keys by which the JSON tree names what JSON cannot hold
TENSOR, ARRAY, PAIRS, TUPLE = "$tensor", "$array", "$pairs", "$tuple"
MARKS = frozenset({TENSOR, ARRAY, PAIRS, TUPLE})


def pack(state: Mapping[str, Any], about: Mapping[str, Any] | None = None) -> bytes:
    """The file of a nested state: dictionaries, lists, tuples, JSON values, tensors and numpy arrays.

    A tensor that stands in several places (tied weights) is written once and is one tensor again after `unpack`.
    about: small JSON facts (step, stage) that `unpack` gives back beside the state. The same state gives the same bytes.
    Raises TypeError naming the place of a value that is none of these.
    """
    packer = _Packer()
    tree = packer.tree(state, "")
    head = {"format": FORMAT, "version": VERSION, "about": dict(about or {}), "state": tree}
    return save_tensors(packer.tensors, metadata={"memstudio": json.dumps(head, separators=(",", ":"))})


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """(state, about) of what `pack` wrote; tensors on the CPU. Raises Refusal for damaged and foreign files."""
    head = _head(data)
    try:
        tensors = load_tensors(data)
        state = _untree(head["state"], tensors)
        if not isinstance(state, dict):
            raise TypeError("its top is no dictionary")
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise Refusal("This checkpoint is damaged: its tensors do not agree with its list of them; use an earlier one.") from error
    return state, dict(head["about"])


def _head(data: bytes) -> dict[str, Any]:
    """Our own part of the safetensors header."""
    damaged = "This checkpoint is damaged: it cannot be read as a safetensors file; use an earlier one."
    foreign = "This file is no checkpoint of MemStudio: it lacks our heading; choose one that a run has written."
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 0 < size <= len(data) - 8:
        raise Refusal(damaged)
    try:
        metadata = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    except (ValueError, AttributeError) as error:
        raise Refusal(damaged) from error
    text = metadata.get("memstudio") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise Refusal(foreign)
    try:
        head = json.loads(text)
    except ValueError as error:
        raise Refusal(damaged) from error
    if not isinstance(head, dict) or head.get("format") != FORMAT or not isinstance(head.get("about"), dict):
        raise Refusal(foreign)
    if head.get("version") != VERSION:
        raise Refusal(
            f"This checkpoint has version {head.get('version')!r:.20}, and this program reads version {VERSION}; use the newer program."
        )
    return head


class _Packer:
    """Collects the tensors of a state while its JSON tree is made."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._seen: dict[tuple[Any, ...], str] = {}
        # tensors are told apart by their place in memory, so what was copied must not make room for what comes after it
        self._copies: list[Tensor] = []

    def tree(self, value: Any, place: str) -> Any:
        if isinstance(value, Tensor):
            return {TENSOR: self._keep(value, place)}
        if isinstance(value, np.ndarray):
            self._copies.append(torch.from_numpy(np.array(value, order="C")))
            return {ARRAY: self._keep(self._copies[-1], place)}
        if isinstance(value, Mapping):
            return self._mapping(value, place)
        if isinstance(value, tuple):
            return {TUPLE: [self.tree(item, f"{place}/{i}") for i, item in enumerate(value)]}
        if isinstance(value, list):
            return [self.tree(item, f"{place}/{i}") for i, item in enumerate(value)]
        if isinstance(value, np.generic):
            return value.item()
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"A checkpoint cannot hold the {type(value).__name__} at {place or 'its top'}; use tensors and JSON values.")

    def _mapping(self, value: Mapping[Any, Any], place: str) -> Any:
        if all(isinstance(key, str) for key in value) and not MARKS & set(value):
            return {key: self.tree(item, f"{place}/{key}") for key, item in value.items()}
        return {PAIRS: [[self.tree(key, f"{place}/key"), self.tree(item, f"{place}/{key}")] for key, item in value.items()]}

    def _keep(self, tensor: Tensor, place: str) -> str:
        """The name under which a tensor is written: that of its twin where the same memory was seen before."""
        tensor = tensor.detach()
        memory = (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride()) if tensor.numel() else (place,)
        if memory in self._seen:
            return self._seen[memory]
        name = place.lstrip("/")
        while name in self.tensors:  # `a/b` as one key and as two
            name += "'"
        # a copy: views into one storage are refused by safetensors, and a step may go on while this is written
        self.tensors[name] = tensor.to("cpu", copy=True).contiguous()
        self._seen[memory] = name
        return name


def _untree(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(tree, list):
        return [_untree(item, tensors) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        ((mark, inside),) = tree.items()
        if mark == TENSOR:
            return tensors[inside]
        if mark == ARRAY:
            return tensors[inside].numpy()
        if mark == TUPLE:
            return tuple(_untree(item, tensors) for item in inside)
        if mark == PAIRS:
            return {_untree(key, tensors): _untree(item, tensors) for key, item in inside}
    return {key: _untree(item, tensors) for key, item in tree.items()}
