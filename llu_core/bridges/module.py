"""A trained adapter as a module of PyTorch, to be part of a larger one, compiled, exported or trained on.

module = AdapterModule(adapter)
logits = module(image_embeddings, class_embeddings)
"""

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llu_core.method.adapter import (
    AffineUpdate,
    LocalizedAdapter,
    LocalizedUpdate,
    interpolation_mask,
    mixed,
    require_width,
)
from llu_core.method.statistics.head import ClassStatistics, ClosedForm


class AdapterModule(nn.Module):
    """The logits of an adapter, for any classes. Its parameters are both updates, and beta and gamma without axes;
    anchors, s and class statistics are buffers.

    In half precision and under autocast it computes in float32 all the same, since close cosines decide where the
    update applies; half precision then rounds what is stored and what comes out.
    """

    logit_scale: Tensor

    def __init__(self, adapter: LocalizedAdapter):
        """The numbers of `adapter` are copied."""
        super().__init__()
        self.image = _UpdateModule(adapter.image)
        self.text = _UpdateModule(adapter.text)
        if adapter.shared:
            self.text.update = self.image.update
        like = adapter.image.update.bias
        self.beta = nn.Parameter(like.new_tensor(adapter.beta))
        self.gamma = nn.Parameter(like.new_tensor(adapter.gamma))
        self.register_buffer("logit_scale", like.new_tensor(adapter.logit_scale))
        self.statistics = None if adapter.statistics is None else _StatisticsModule(adapter.statistics)

    def forward(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        """(n, C) for images (n, d) and class texts (C, d), rows of any length but 0.

        Raises LluError if their width is not the adapter's.
        """
        require_width(len(self.image.update.bias), image_embeddings, class_embeddings)
        kind = torch.promote_types(self.beta.dtype, torch.float32)
        with _without_autocast(image_embeddings.device.type):
            images, texts = (F.normalize(rows.to(kind), dim=1) for rows in (image_embeddings, class_embeddings))
            return self._logits(images, texts).to(self.beta.dtype)

    def _logits(self, images: Tensor, texts: Tensor) -> Tensor:
        beta, gamma = _exact(self.beta), _exact(self.gamma)
        z_images, image_nearest = self.image(images, beta, gamma)
        z_texts, text_nearest = self.text(texts, beta, gamma)
        logits = _exact(self.logit_scale) * (z_images @ z_texts.T)
        if self.statistics is None:
            return logits
        added = self.statistics.closed_form().of_classes(texts, text_nearest, beta=beta)
        return logits + added.logits(images, image_nearest)

    def adapter(self) -> LocalizedAdapter:
        """The adapter that this is now, in float32 on the CPU; raises LluError if beta or gamma left its range."""
        image = self.image.localized()
        text = self.text.localized()
        if self.text.update is self.image.update:
            text = LocalizedUpdate(image.update, text.anchors)
        return LocalizedAdapter(
            image=image,
            text=text,
            beta=self.beta.item(),
            gamma=self.gamma.item(),
            logit_scale=self.logit_scale.item(),
            statistics=self.statistics and self.statistics.statistics(),
        )


class _Affine(nn.Module):
    """W and b."""

    def __init__(self, update: AffineUpdate):
        super().__init__()
        self.weight, self.bias = (nn.Parameter(each.detach().clone()) for each in (update.weight, update.bias))


class _UpdateModule(nn.Module):
    """One modality's update with its anchors."""

    anchors: Tensor

    def __init__(self, localized: LocalizedUpdate):
        super().__init__()
        self.update = _Affine(localized.update)
        self.register_buffer("anchors", localized.anchors.detach().clone())

    def forward(self, points: Tensor, beta: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
        """z (n, d) of points (n, d), unit rows, and their cosines (n,) to the nearest anchor."""
        update = AffineUpdate(_exact(self.update.weight), _exact(self.update.bias))
        nearest = (points @ _unit(self.anchors).T).amax(dim=1)
        return mixed(points, update(points), interpolation_mask(nearest, beta=beta, gamma=gamma)), nearest

    def localized(self) -> LocalizedUpdate:
        return LocalizedUpdate(
            AffineUpdate(_stored(self.update.weight), _stored(self.update.bias)), _stored(self.anchors)
        )


_STORED = ("images", "texts", "means", "counts", "precision", "familiar_from", "weight")


class _StatisticsModule(nn.Module):
    """Class statistics as buffers: the shots, and what follows from them."""

    targets: Tensor

    def __init__(self, statistics: ClassStatistics):
        super().__init__()
        form = statistics.closed_form
        # An inverse can be beyond the range of half precision; a power of two goes into the weight without rounding.
        scale = 2.0 ** math.ceil(math.log2(max(float(form.precision.abs().max()), 1.0)))
        changed = {"precision": form.precision / scale, "weight": form.weight * scale}
        for name in _STORED:
            value = changed.get(name, getattr(form, name))
            self.register_buffer(name, torch.as_tensor(value).to(form.means).clone())
        self.register_buffer("targets", statistics.targets.clone())
        self.register_buffer("scale", form.means.new_tensor(scale))

    def closed_form(self) -> ClosedForm:
        stored = {name: self.get_buffer(name) for name in _STORED}
        return ClosedForm(
            **{name: _unit(each) if name in ("images", "texts") else _exact(each) for name, each in stored.items()}
        )

    def statistics(self) -> ClassStatistics:
        weight = self.get_buffer("weight").item() / self.get_buffer("scale").item()
        images, texts = (_stored(self.get_buffer(name)) for name in ("images", "texts"))
        return ClassStatistics(images, self.targets.detach().cpu(), texts, weight)


def _exact(values: Tensor) -> Tensor:
    """The same numbers in float32, or in float64 where they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def _unit(rows: Tensor) -> Tensor:
    """Stored unit rows; half precision has rounded their lengths too."""
    return F.normalize(_exact(rows), dim=1) if rows.dtype.itemsize < 4 else rows


def _stored(values: Tensor) -> Tensor:
    return values.detach().float().cpu().clone()


def _without_autocast(device: str) -> AbstractContextManager:
    if torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return nullcontext()  # so that what is exported has no trace of it
