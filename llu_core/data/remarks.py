"""What is odd about a set and is no reason to refuse it: a sentence each, with what to do."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import cut_off

_SAME = 2e-6
"""Rows of one text differ by no more in any number: batches round differently."""
_NEIGHBOURS = 4
_NAMED = 3
"""So many groups of classes, and so many names of each, are named."""


def remarks(fewshot: FewShotSet, class_ids: Sequence[str] = (), encoder: Encoder | None = None) -> tuple[str, ...]:
    """Sentences about a set; class_ids: what tells classes of one name apart; encoder: the model that embedded it."""
    told = [same_texts(fewshot.class_names, fewshot.class_embeddings, class_ids)]
    told.append(cut_prompts(encoder, fewshot.class_names, fewshot.templates) if encoder else "")
    told.append(_logarithm(fewshot.logit_scale) if fewshot.bundle or not fewshot.encoder_identity else "")
    return tuple(f"{fewshot.bundle or fewshot.name}: {sentence}" for sentence in told if sentence)


def same_texts(class_names: Sequence[str], rows: Tensor, class_ids: Sequence[str] = ()) -> str:
    """A sentence about classes whose texts are one to the model, (C, d) unit rows; "" where all differ.

    Classes of one name that ids tell apart are meant to be so (ImageNet has such pairs), and not told.
    """
    groups = [tuple(class_names[label] for label in group) for group in _equal_rows(rows)]
    groups = [group for group in groups if not class_ids or len(set(group)) > 1]
    if not groups:
        return ""
    named = ", ".join(_listed(group) for group in groups[:_NAMED])
    more = f" and {len(groups) - _NAMED:,} more such groups" if len(groups) > _NAMED else ""
    return (
        f"the classes {named}{more} are one text to the model, so that they share one probability and cannot be told "
        "apart by name; give each a name of its own"
    )


def cut_prompts(encoder: Encoder, class_names: Sequence[str], templates: Sequence[str]) -> str:
    """A sentence about prompts of which the model sees the beginning alone; "" where it sees all."""
    cut = cut_off(encoder, class_names, templates)
    if not cut:
        return ""
    first = cut[0] if len(cut[0]) <= 60 else f"{cut[0][:57]}..."
    return f"{len(cut):,} of the prompts are cut off, since the model reads no more ('{first}'); use shorter ones"


def _logarithm(scale: float) -> str:
    """A sentence about a scale that is likely to be the logarithm that CLIP keeps."""
    if not 1 < scale < math.log(1e4):
        return ""
    return (
        f"logit_scale {scale:.5g} looks like a logarithm: CLIP's parameter before exp(), ln 100 = 4.6052; if it is, "
        f"write exp({scale:.5g}) = {math.exp(scale):.4g} in its place"
    )


def _listed(names: Iterable[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    rest = f" and {len(quoted) - _NAMED:,} more" if len(quoted) > _NAMED else ""
    return " and ".join(quoted[:_NAMED]) + rest


def _equal_rows(rows: Tensor) -> list[list[int]]:
    """The groups of labels with equal rows, each in order: rows that are equal lie together along any direction."""
    if len(rows) < 2:
        return []
    direction = torch.randn(rows.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    order = torch.argsort(rows.double() @ direction, stable=True)
    group_of = {label: {label} for label in order.tolist()}
    for ahead in range(1, min(_NEIGHBOURS, len(rows) - 1) + 1):
        first, second = order[:-ahead], order[ahead:]
        equal = ((rows[first] - rows[second]).abs().amax(dim=1) <= _SAME).nonzero().flatten().tolist()
        for at in equal:
            one, other = int(first[at]), int(second[at])
            joined = group_of[one] | group_of[other]
            group_of |= dict.fromkeys(joined, joined)
    groups = {min(group): sorted(group) for group in group_of.values() if len(group) > 1}
    return [groups[label] for label in sorted(groups)]
