"""CLIP's and LLU's answers for pictures, and where the update applied."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.files.images import upright
from llu_core.method.adapter import nearest_anchor
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.classifier import ZeroShotClassifier


@dataclass(frozen=True)
class Prediction:
    """One picture under both models.

    clip, llu: probability per class, in the order of class_names, each summing to 1. alpha in [0, 1]: the share of
    the update this picture received. anchor_similarity: cosine to its nearest anchor, which stands for the training
    picture anchor_name of class anchor_class. familiar: whether that cosine is at least the adapter's familiar_from, as
    those of pictures like the shots are; None where the adapter cannot say.
    """

    name: str
    class_names: tuple[str, ...]
    clip: tuple[float, ...]
    llu: tuple[float, ...]
    alpha: float
    anchor_similarity: float
    anchor_name: str
    anchor_class: str
    familiar: bool | None = None

    @property
    def clip_class(self) -> str:
        return self.class_names[max(range(len(self.clip)), key=self.clip.__getitem__)]

    @property
    def llu_class(self) -> str:
        return self.class_names[max(range(len(self.llu)), key=self.llu.__getitem__)]


def predict(
    trained: TrainedAdapter,
    encoder: Encoder,
    images: Sequence[Image.Image],
    names: Sequence[str],
    class_names: Sequence[str] | None = None,
) -> list[Prediction]:
    """Predict `images` among `class_names` (default: the classes the adapter was saved with).

    A picture that says by EXIF how it is turned, as one just opened does, is turned upright first.

    Raises LluError if the encoder is not the one the adapter was trained with, or class names are missing or doubled.
    """
    trained.require_encoder(encoder.identity, encoder.width)
    if class_names is None:
        class_names, classes = trained.class_names, trained.class_embeddings
    else:
        _check_names(class_names)
        classes = class_embeddings(encoder, class_names, trained.templates)
    return predict_embeddings(
        trained, encoder.encode_images([upright(image) for image in images]), names, tuple(class_names), classes
    )


def predict_embeddings(
    trained: TrainedAdapter, embeddings: Tensor, names: Sequence[str], class_names: Sequence[str], classes: Tensor
) -> list[Prediction]:
    """`predict` for image embeddings (n, d) and class texts (C, d), unit rows."""
    adapter = trained.adapter
    clip = ZeroShotClassifier(adapter.logit_scale).logits(embeddings, classes).softmax(dim=1)
    llu = adapter.logits(embeddings, classes).softmax(dim=1)
    similarity, index = nearest_anchor(embeddings, adapter.image.anchors)
    alpha = adapter.image.alpha(embeddings, beta=adapter.beta, gamma=adapter.gamma)
    return [
        Prediction(
            name=name,
            class_names=tuple(class_names),
            clip=tuple(clip[row].tolist()),
            llu=tuple(llu[row].tolist()),
            alpha=alpha[row].item(),
            anchor_similarity=similarity[row].item(),
            anchor_name=trained.anchor_names[index[row]],
            anchor_class=trained.class_names[trained.anchor_labels[index[row]]],
            familiar=trained.is_familiar(similarity[row].item()),
        )
        for row, name in zip(range(len(embeddings)), names, strict=True)
    ]


def _check_names(class_names: Sequence[str]) -> None:
    if not class_names:
        raise LluError("there is no class name to choose from; give at least one, or none to use the trained classes")
    twice = next((name for name in class_names if class_names.count(name) > 1), None)
    if twice is not None:
        raise LluError(f"class {twice!r} is given twice; give every class once")
