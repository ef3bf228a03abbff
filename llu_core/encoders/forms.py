"""The forms in which an image tower can compute on this machine, and the fastest that agrees with float32.

What is fastest depends on architecture and processor: so each form is tried on a few pictures of the first many.
"""

import copy
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

_log = logging.getLogger(__name__)
FLOAT32 = "float32"
HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}
AT_ONCE = 8
"""Pictures of one pass on a CPU: what a layer makes of them stays near the cores."""
AGREEMENT = 0.9998
"""The smallest cosine to float32 on the few pictures of a trial, so that .9995 holds for others."""
CLEARLY = 1.2
"""A form must be so many times as fast as float32."""
_WORTH_IT = 1e8
"""Multiplications a picture below which decoding takes longer than encoding, and no form is tried."""
_TRIAL_SECONDS = 0.2
"""The model as it is takes so long for the pictures of a trial, of which there are two at least."""
_PATIENCE = 3.0
"""After so many seconds no further form is tried."""

EncodeImage = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Form:
    """One way to compute rows of pixels (n, 3, h, w); numbers: those that it computes with, by torch's name."""

    numbers: str
    encode: EncodeImage
    at_once: int = AT_ONCE

    def __call__(self, pixels: Tensor) -> Tensor:
        """(n, d) float32, a few pictures at a time."""
        kind = HALVES.get(self.numbers, torch.float32)
        return torch.cat([self.encode(few.to(kind)).float() for few in pixels.split(self.at_once)])


def fastest(model: Any, pixels: Tensor, title: str) -> Form:
    """The form of `model.encode_image` for this machine, tried on pixels (n, 3, h, w); as it is if in doubt."""
    plain = best = as_it_is(model)
    start = time.perf_counter()
    with torch.inference_mode():
        merged, multiplications = _merged(model.visual, pixels[:1])
        if multiplications < _WORTH_IT:
            return plain
        pixels = pixels[: min(AT_ONCE, max(2, int(_TRIAL_SECONDS / _seconds(plain, pixels[:1]))))]
        rows = F.normalize(plain(pixels), dim=-1)
        if merged is None:
            merged = model.visual
        elif _agrees(shorter := Form(FLOAT32, _with(model, merged).encode_image), pixels, rows):
            best = shorter  # less work, however long it takes on a busy machine
        least = _seconds(best, pixels)
        for form in _halves(model, merged):
            # The first pass also prepares, and takes very long where the machine has no such instructions.
            in_time = time.perf_counter() - start < _PATIENCE and _seconds(form, pixels[:1], 1) < least
            if in_time and _agrees(form, pixels, rows) and _seconds(form, pixels) * CLEARLY < least:
                best = form
                break
    _log.info("%s computes in %s on this machine.", title, best.numbers)
    return best


def _agrees(form: Form, pixels: Tensor, rows: Tensor) -> bool:
    """Whether it gives nearly the unit rows (n, d); what is no number does not."""
    return (F.normalize(form(pixels), dim=-1) * rows).sum(dim=1).min().item() >= AGREEMENT


def as_it_is(model: Any) -> Form:
    """The model in float32, with whatever number of pictures is given."""
    return Form(FLOAT32, model.encode_image, at_once=2**31)


def _seconds(form: Form, pixels: Tensor, attempts: int = 2) -> float:
    """The least of so many attempts."""
    taken = []
    for _ in range(attempts):
        start = time.perf_counter()
        form(pixels)
        taken.append(time.perf_counter() - start)
    return min(taken)


def _halves(model: Any, visual: nn.Module) -> Iterator[Form]:
    """The forms in shorter numbers, the fastest first, as far as the machine has instructions for them."""
    for numbers, kind in HALVES.items():
        if _is_multiplied_faster(numbers):
            half = _twin(visual).to(kind).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
            yield Form(numbers, _with(model, half).encode_image)


def _is_multiplied_faster(numbers: str) -> bool:
    """Whether this machine has instructions for such numbers, told by a layer that takes a moment even without."""
    weight, pixels, seconds = torch.ones(256, 256, 1, 1), torch.ones(1, 256, 32, 32), {}
    try:
        for kind in (torch.float32, HALVES[numbers]):
            w, x, taken = weight.to(kind), pixels.to(kind).to(memory_format=torch.channels_last), []
            for _ in range(8):
                start = time.perf_counter()
                F.conv2d(x, w)
                taken.append(time.perf_counter() - start)
            seconds[kind] = min(taken)
    except RuntimeError:  # no kernel for them
        return False
    return seconds[HALVES[numbers]] * CLEARLY < seconds[torch.float32]


def _with(model: Any, visual: nn.Module) -> Any:
    """The model with another image tower; the rest is shared."""
    other = copy.copy(model)
    other.__dict__["_modules"] = {**model._modules, "visual": visual}
    return other


def _twin(module: nn.Module) -> nn.Module:
    """A copy that shares the numbers until it is given others."""
    shared: dict[int, Any] = {
        id(each): nn.Parameter(each.detach(), requires_grad=False) for each in module.parameters()
    } | {id(each): each.detach() for each in module.buffers()}
    return copy.deepcopy(module, shared)


def _merged(visual: nn.Module, pixels: Tensor) -> tuple[nn.Module | None, float]:
    """The tower with each batch norm that follows a convolution made part of it, None without any; and how many
    multiplications the pixels take.

    Which follows which is seen as the pixels go through; that the result agrees is the trial's to check.
    """
    tower, made, pairs, counts, hooks = _twin(visual), [], [], [], []

    def see(layer: Any, _, output: Tensor) -> None:
        counts.append(output.numel() * layer.weight[0].numel())
        made[:] = [(output, layer)]

    def join(norm: Any, inputs: tuple[Tensor, ...]) -> None:
        pairs.extend((layer, norm) for output, layer in made if output is inputs[0] and isinstance(layer, nn.Conv2d))

    for layer in tower.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            hooks.append(layer.register_forward_hook(see))
        elif isinstance(layer, nn.BatchNorm2d):
            hooks.append(layer.register_forward_pre_hook(join))
    tower(pixels)
    for hook in hooks:
        hook.remove()
    names = {module: name for name, module in tower.named_modules()}
    for layer, norm in pairs:
        layer.weight, layer.bias = fuse_conv_bn_weights(
            layer.weight, layer.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
        )
        tower.set_submodule(names[norm], getattr(norm, "act", nn.Identity()))  # timm's norms hold what comes after
    return tower if pairs else None, float(sum(counts))
