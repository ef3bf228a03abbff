"""Sets as one: classes of one name are one class, with the text of the set that named it first."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings


def class_texts(sets: Sequence[FewShotSet]) -> dict[str, torch.Tensor]:
    """The text (d,) of every class, by its name."""
    texts: dict[str, torch.Tensor] = {}
    for each in sets:
        for name, row in zip(each.class_names, each.class_embeddings, strict=True):
            texts.setdefault(name, row)
    return texts


def with_common_texts(sets: Sequence[FewShotSet]) -> list[FewShotSet]:
    """The sets, with one text for every name."""
    texts = class_texts(sets)
    return [replace(each, class_embeddings=torch.stack([texts[name] for name in each.class_names])) for each in sets]


def union(sets: Sequence[FewShotSet]) -> FewShotSet:
    """One set of all classes and shots, all of them taught; no test rows."""
    texts = class_texts(sets)
    label_of = {name: label for label, name in enumerate(texts)}
    train = LabelledEmbeddings.empty(sets[0].width)
    for each in sets:
        labels = torch.tensor([label_of[name] for name in each.class_names])[each.train.labels]
        train = train.concat(replace(each.train, labels=labels, thumbnails=None))
    return replace(
        sets[0],
        name=" + ".join(each.name for each in sets),
        class_names=tuple(texts),
        class_embeddings=torch.stack(list(texts.values())),
        train=train,
        test=LabelledEmbeddings.empty(sets[0].width),
        base_classes=len(texts),
        controls=(),
    )
