"""Small few-shot problems and adapters made of random numbers, for the tests of the method."""

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate

SPREAD, TEXT_SPREAD = 0.7, 1.0


def unit_rows(count: int, width: int, seed: int = 0) -> Tensor:
    """(count, width) random unit rows."""
    return F.normalize(torch.randn(count, width, generator=torch.Generator().manual_seed(seed)), dim=1)


def near(points: Tensor, spread: float, seed: int) -> Tensor:
    """Unit rows around `points`; the noise is about `spread` long."""
    return F.normalize(points + spread * unit_rows(len(points), points.shape[1], seed), dim=1)


def problem(
    *,
    base: int = 4,
    new: int = 4,
    shots: int = 4,
    tests: int = 5,
    width: int = 32,
    spread: float = SPREAD,
    seed: int = 5,
) -> FewShotSet:
    """Clouds of pictures, with texts beside their centres; only the base classes have shots.

    The base classes resemble each other, and so do the new ones, so that CLIP confuses some of them.
    """
    classes = base + new
    half = torch.eye(2, width)[(torch.arange(classes) >= base).long()]
    centres = near(half, 0.8, seed)
    train_labels = torch.arange(base).repeat_interleave(shots)
    test_labels = torch.arange(classes).repeat_interleave(tests)
    return FewShotSet(
        name="synthetic",
        class_names=tuple(f"class {k}" for k in range(classes)),
        class_embeddings=near(centres, TEXT_SPREAD, seed + 1),
        train=rows(near(centres[train_labels], spread, seed + 2), train_labels, "train"),
        test=rows(near(centres[test_labels], spread, seed + 3), test_labels, "test"),
        base_classes=base,
    )


def halves(shots: FewShotSet) -> tuple[FewShotSet, FewShotSet]:
    """The base classes and the new ones, each a closed problem."""
    base, new = shots.halves()
    return shots.select_classes(base), shots.select_classes(new)


def rows(embeddings: Tensor, labels: Tensor, name: str) -> LabelledEmbeddings:
    return LabelledEmbeddings(embeddings, labels, tuple(f"{name} {i}" for i in range(len(labels))))


def random_adapter(
    width: int = 16, anchors: int = 5, *, shared: bool = False, seed: int = 0, **mask
) -> LocalizedAdapter:
    """An untrained adapter with weights far from the identity."""
    generator = torch.Generator().manual_seed(seed)
    image = AffineUpdate.random(width, generator)
    text = image if shared else AffineUpdate.random(width, generator)
    return LocalizedAdapter(
        image=LocalizedUpdate(image, unit_rows(anchors, width, seed + 100)),
        text=LocalizedUpdate(text, unit_rows(anchors, width, seed + 200)),
        **mask,
    )
