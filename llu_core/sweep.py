"""Predictions at every (beta, gamma) without retraining and without a d-dimensional product.

z_image . z_class is a combination of four dot products, alpha depends on a point only through its nearest-anchor
similarity, and the norms only through u . v; so four (n, C) matrices and four vectors hold all there is to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llu_core.adapter import LocalizedAdapter, interpolation_mask, nearest_anchor


@dataclass(frozen=True, eq=False)
class Sweep:
    """u: frozen embedding, v = g(u): updated embedding; i: image (n of them), k: class (C).

    uu, vu, uv, vv: (n, C), the products u_i.u_k, v_i.u_k, u_i.v_k, v_i.v_k.
    image_nearest (n,), class_nearest (C,): cosine to the nearest anchor; image_anchor (n,): its index.
    image_uv (n,), class_uv (C,): u.v of each point.
    """

    uu: Tensor
    vu: Tensor
    uv: Tensor
    vv: Tensor
    image_nearest: Tensor
    class_nearest: Tensor
    image_uv: Tensor
    class_uv: Tensor
    image_anchor: Tensor
    logit_scale: float

    @classmethod
    def of(cls, adapter: LocalizedAdapter, image_embeddings: Tensor, class_embeddings: Tensor) -> "Sweep":
        """Compute the products for images (n, d) and class texts (C, d), unit rows."""
        images, classes = adapter.image.update(image_embeddings), adapter.text.update(class_embeddings)
        image_nearest, image_anchor = nearest_anchor(image_embeddings, adapter.image.anchors)
        return cls(
            uu=image_embeddings @ class_embeddings.T,
            vu=images @ class_embeddings.T,
            uv=image_embeddings @ classes.T,
            vv=images @ classes.T,
            image_nearest=image_nearest,
            class_nearest=nearest_anchor(class_embeddings, adapter.text.anchors)[0],
            image_uv=(image_embeddings * images).sum(dim=1),
            class_uv=(class_embeddings * classes).sum(dim=1),
            image_anchor=image_anchor,
            logit_scale=adapter.logit_scale,
        )

    def scores(self, *, beta: float, gamma: float) -> Tensor:
        """z_i . z_k, (n, C), at one setting of the mask."""
        a = interpolation_mask(self.image_nearest, beta=beta, gamma=gamma)[:, None]
        b = interpolation_mask(self.class_nearest, beta=beta, gamma=gamma)[None, :]
        mixed = (1 - a) * ((1 - b) * self.uu + b * self.uv) + a * ((1 - b) * self.vu + b * self.vv)
        return mixed / (_norm(a, self.image_uv[:, None]) * _norm(b, self.class_uv[None, :]))

    def logits(self, *, beta: float, gamma: float) -> Tensor:
        """(n, C), equal to `LocalizedAdapter.logits` at that setting up to rounding."""
        return self.logit_scale * self.scores(beta=beta, gamma=gamma)

    def predictions(self, *, beta: float, gamma: float) -> Tensor:
        """(n,) int64, the most probable class."""
        return self.scores(beta=beta, gamma=gamma).argmax(dim=1)

    def plane(self, betas: Sequence[float], gammas: Sequence[float]) -> Tensor:
        """Predictions over a whole plane, (len(betas), len(gammas), n) int64."""
        rows = [torch.stack([self.predictions(beta=b, gamma=g) for g in gammas]) for b in betas]
        return torch.stack(rows)


def _norm(alpha: Tensor, uv: Tensor) -> Tensor:
    """Length of (1 - alpha) u + alpha v for unit u, v."""
    return ((1 - alpha).square() + alpha.square() + 2 * alpha * (1 - alpha) * uv).clamp(min=1e-12).sqrt()
