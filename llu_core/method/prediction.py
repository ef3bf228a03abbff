"""CLIP's and LLU's answers for pictures, and where the update applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image
from torch import Tensor

from llu_core.encoders.encoder import Encoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.files.images import upright
from llu_core.method.adapter import interpolation_mask, nearest_anchor
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.classifier import Classifier, ZeroShotClassifier


@dataclass(frozen=True)
class Prediction:
    """One picture under both models.

    clip, llu: probability per class, in the order of class_names, each summing to 1. alpha in [0, 1]: the share of
    the update this picture received. anchor_similarity: cosine to its nearest anchor, which stands for the training
    picture anchor_name of class anchor_class. familiar: whether that cosine is at least the adapter's familiar_from, as
    those of pictures like the shots are; None where the adapter cannot say. set_name: of several sets, the one whose
    anchor that is, "" where there is one adapter.
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
    set_name: str = ""

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
    asked, classes = classes_asked(trained, encoder, class_names)
    rows = encoder.encode_images([upright(image) for image in images])
    return predict_embeddings(trained, rows, names, asked, classes)


class Saved(Protocol):
    """What was saved with classes of its own, for one backbone."""

    @property
    def class_names(self) -> tuple[str, ...]: ...

    @property
    def class_embeddings(self) -> Tensor: ...

    @property
    def templates(self) -> tuple[str, ...]: ...

    def require_encoder(self, identity: str, width: int) -> None: ...


def classes_asked(saved: Saved, encoder: Encoder, class_names: Sequence[str] | None) -> tuple[tuple[str, ...], Tensor]:
    """The names to choose from and their texts (C, d), by default those that were saved; raises as `predict` does."""
    saved.require_encoder(encoder.identity, encoder.width)
    if class_names is None:
        return saved.class_names, saved.class_embeddings
    _check_names(class_names)
    return tuple(class_names), class_embeddings(encoder, class_names, saved.templates)


def predict_embeddings(
    trained: TrainedAdapter, embeddings: Tensor, names: Sequence[str], class_names: Sequence[str], classes: Tensor
) -> list[Prediction]:
    """`predict` for image embeddings (n, d) and class texts (C, d), unit rows."""
    return answers(trained.adapter, embeddings, names, class_names, classes, where_applied(trained, embeddings))


@dataclass(frozen=True)
class Applied:
    """Where the update applied to a picture: what a Prediction says of it."""

    alpha: float
    anchor_similarity: float
    anchor_name: str
    anchor_class: str
    familiar: bool | None
    set_name: str = ""


def where_applied(trained: TrainedAdapter, embeddings: Tensor) -> list[Applied]:
    """One for each of the image embeddings (n, d), unit rows."""
    adapter = trained.adapter
    similarity, index = nearest_anchor(embeddings, adapter.image.anchors)
    alpha = interpolation_mask(similarity, beta=adapter.beta, gamma=adapter.gamma)
    return [
        Applied(
            alpha=alpha[row].item(),
            anchor_similarity=similarity[row].item(),
            anchor_name=trained.anchor_names[index[row]],
            anchor_class=trained.class_names[trained.anchor_labels[index[row]]],
            familiar=trained.is_familiar(similarity[row].item()),
        )
        for row in range(len(embeddings))
    ]


class ScaledClassifier(Classifier, Protocol):
    """A classifier that knows the frozen model's logit scale."""

    @property
    def logit_scale(self) -> float: ...


def answers(
    adapter: ScaledClassifier,
    embeddings: Tensor,
    names: Sequence[str],
    class_names: Sequence[str],
    classes: Tensor,
    applied: Sequence[Applied],
) -> list[Prediction]:
    """A Prediction per image: CLIP's probabilities, the adapter's, and where its update applied."""
    clip = ZeroShotClassifier(adapter.logit_scale).logits(embeddings, classes).softmax(dim=1)
    llu = adapter.logits(embeddings, classes).softmax(dim=1)
    return [
        Prediction(name, tuple(class_names), tuple(clip[row].tolist()), tuple(llu[row].tolist()), **vars(applied[row]))
        for row, name in zip(range(len(embeddings)), names, strict=True)
    ]


def _check_names(class_names: Sequence[str]) -> None:
    if not class_names:
        raise LluError("there is no class name to choose from; give at least one, or none to use the trained classes")
    twice = next((name for name in class_names if class_names.count(name) > 1), None)
    if twice is not None:
        raise LluError(f"class {twice!r} is given twice; give every class once")
