"""Predictions at every (beta, gamma) without retraining and without a d-dimensional product.

z_image . z_class is a combination of four dot products, alpha depends on a point only through its nearest-anchor
similarity, and the norms only through u . v; so four (n, C) matrices and four vectors hold all there is to know. The
class statistics that an adapter may have are a fifth matrix that is added, times their share at that beta.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from llu_core.method.adapter import LocalizedAdapter, interpolation_mask, nearest_anchor
from llu_core.method.statistics.head import share

PLANE_NUMBERS = 32_768
"""So many scores stay in a core's cache, and are few enough for torch not to split each operation over threads."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """u: frozen embedding, v = g(u): updated embedding; i: image (n of them), k: class (C).

    uu, vu, uv, vv: (n, C), the products u_i.u_k, v_i.u_k, u_i.v_k, v_i.v_k.
    image_nearest (n,), class_nearest (C,): cosine to the nearest anchor; image_anchor (n,): its index.
    image_uv (n,), class_uv (C,): u.v of each point. statistics: (n, C), the logits that class statistics add at
    a share of 1, or None.
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
    statistics: Tensor | None = None

    @classmethod
    def of(cls, adapter: LocalizedAdapter, image_embeddings: Tensor, class_embeddings: Tensor) -> "Sweep":
        """Compute the products for images (n, d) and class texts (C, d), unit rows."""
        images, classes = adapter.image.update(image_embeddings), adapter.text.update(class_embeddings)
        image_nearest, image_anchor = nearest_anchor(image_embeddings, adapter.image.anchors)
        class_nearest = nearest_anchor(class_embeddings, adapter.text.anchors)[0]
        points = image_embeddings, class_embeddings, image_nearest, class_nearest
        return cls(
            uu=image_embeddings @ class_embeddings.T,
            vu=images @ class_embeddings.T,
            uv=image_embeddings @ classes.T,
            vv=images @ classes.T,
            image_nearest=image_nearest,
            class_nearest=class_nearest,
            image_uv=(image_embeddings * images).sum(dim=1),
            class_uv=(class_embeddings * classes).sum(dim=1),
            image_anchor=image_anchor,
            logit_scale=adapter.logit_scale,
            statistics=adapter.statistics.logits(*points) if adapter.statistics else None,
        )

    def without_statistics(self) -> "Sweep":
        """The sweep of the same update alone."""
        return self if self.statistics is None else replace(self, statistics=None)

    def scores(self, *, beta: float | Tensor, gamma: float) -> Tensor:
        """z_i . z_k, (n, C), at one setting of the mask; (B, n, C) for a column (B, 1) of betas."""
        a = interpolation_mask(self.image_nearest, beta=beta, gamma=gamma)[..., :, None]
        b = interpolation_mask(self.class_nearest, beta=beta, gamma=gamma)[..., None, :]
        mixed = (1 - a) * ((1 - b) * self.uu + b * self.uv) + a * ((1 - b) * self.vu + b * self.vv)
        return mixed / (mixed_length(a, self.image_uv[:, None]) * mixed_length(b, self.class_uv[None, :]))

    def logits(self, *, beta: float, gamma: float) -> Tensor:
        """(n, C), equal to `LocalizedAdapter.logits` at that setting up to rounding."""
        logits = self.logit_scale * self.scores(beta=beta, gamma=gamma)
        return logits if self.statistics is None else logits + share(beta) * self.statistics

    def predictions(self, *, beta: float, gamma: float) -> Tensor:
        """(n,) int64, the most probable class."""
        asked = self.scores if self.statistics is None else self.logits
        return asked(beta=beta, gamma=gamma).argmax(dim=1)

    def plane(self, betas: Sequence[float], gammas: Sequence[float]) -> Tensor:
        """Predictions over a whole plane, (len(betas), len(gammas), n) int64, as `predictions` gives one by one.

        Several times faster than that: `python -m llu_core bench sweep` measured 2.4 times on two cores of one machine
        and 6.6 times on one thread of another. Scores within rounding of each other may be ordered differently.
        Works on parts of PLANE_NUMBERS scores, so that it needs little memory beyond its result.
        """
        result = torch.empty(len(betas), len(gammas), len(self.uu), dtype=torch.int64, device=self.uu.device)
        if result.numel() == 0:
            return result
        class_share = _shares(self.class_nearest, gammas)
        alpha = class_share.new_tensor(betas)[:, None, None] * class_share
        shrink = 1 / mixed_length(alpha, self.class_uv)  # (B, G, C)
        size = max(1, PLANE_NUMBERS // self.uu.shape[1])
        for start in range(0, len(self.uu), size):
            rows = slice(start, start + size)
            self._fill_plane(rows, betas, _shares(self.image_nearest[rows], gammas), class_share, shrink, result)
        return result

    def _fill_plane(
        self, rows: slice, betas: Sequence[float], image_share: Tensor, class_share: Tensor, shrink: Tensor, out: Tensor
    ) -> None:
        """The predictions of some images. alpha is beta times the share e at beta = 1, hence a polynomial in beta:

        z_i . z_k ~ (uu + beta (e_i (vu - uu) + e_k (uv - uu)) + beta^2 e_i e_k (uu - vu - uv + vv)) / |z_k|,

        whose coefficients do not depend on beta; the length of z_i is the same for every class, so that it only scales
        the statistics that are added.
        """
        uu = self.uu[rows]
        by_image, by_class = self.vu[rows] - uu, self.uv[rows] - uu
        by_both = self.vv[rows] - self.vu[rows] - by_class
        scores = torch.empty_like(uu)
        for g, (e_image, e_class) in enumerate(zip(image_share, class_share, strict=True)):
            linear = e_image[:, None] * by_image + e_class * by_class
            square = e_image[:, None] * by_both * e_class
            for b, beta in enumerate(betas):
                torch.add(linear, square, alpha=beta, out=scores)
                torch.add(uu, scores, alpha=beta, out=scores)
                scores.mul_(shrink[b, g])
                if self.statistics is not None:
                    length = mixed_length(beta * e_image, self.image_uv[rows])[:, None]
                    scores.addcmul_(self.statistics[rows], length, value=share(beta) / self.logit_scale)
                _argmax(scores, out[b, g, rows])


def _argmax(scores: Tensor, out: Tensor) -> None:
    """The index of the largest value in each row; numpy's is several times as fast as torch's on the CPU."""
    if scores.device.type == "cpu":
        scores.numpy().argmax(axis=1, out=out.numpy())
    else:
        torch.argmax(scores, dim=1, out=out)


def _shares(nearest: Tensor, gammas: Sequence[float]) -> Tensor:
    """alpha at beta = 1, (G, points)."""
    return torch.stack([interpolation_mask(nearest, beta=1.0, gamma=gamma) for gamma in gammas])


def mixed_length(alpha: Tensor, uv: Tensor) -> Tensor:
    """Length of (1 - alpha) u + alpha v for unit u, v, of which uv is the product."""
    return ((1 - alpha).square() + alpha.square() + 2 * alpha * (1 - alpha) * uv).clamp(min=1e-12).sqrt()
