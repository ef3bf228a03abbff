"""Answers of a composition for pictures, and which set acts where."""

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image
from torch import Tensor

from llu_core.encoders.encoder import Encoder
from llu_core.files.images import upright
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.composition.saved import TrainedComposition
from llu_core.method.prediction import Applied, Prediction, answers, classes_asked, predict, where_applied


def predict_saved(
    saved: TrainedAdapter | TrainedComposition,
    encoder: Encoder,
    images: Sequence[Image.Image],
    names: Sequence[str],
    class_names: Sequence[str] | None = None,
) -> list[Prediction]:
    """`predict` for an adapter or a composition, whose classes are by default those of all its sets.

    alpha is then the share of all updates together, and the anchor the nearest one of all sets, of set `set_name`.
    """
    if isinstance(saved, TrainedAdapter):
        return predict(saved, encoder, images, names, class_names)
    asked, classes = classes_asked(saved, encoder, class_names)
    embeddings = encoder.encode_images([upright(image) for image in images])
    return answers(saved.adapter, embeddings, names, asked, classes, where_composed(saved, embeddings))


def where_composed(saved: TrainedComposition, embeddings: Tensor) -> list[Applied]:
    """Where the updates applied to each of the image embeddings (n, d), unit rows."""
    if not len(embeddings):
        return []
    total = saved.adapter.image_alpha(embeddings).sum(dim=1)
    own = [
        [replace(each, set_name=name) for each in where_applied(trained, embeddings)]
        for name, trained in zip(saved.names, saved.sets, strict=True)
    ]
    nearest = (max(of_sets, key=lambda each: each.anchor_similarity) for of_sets in zip(*own, strict=True))
    return [replace(each, alpha=alpha) for each, alpha in zip(nearest, total.tolist(), strict=True)]
