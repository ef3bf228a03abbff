"""A trained adapter on disk: `config.json` and `adapter.safetensors` in one folder, no pickle.

trained.save_pretrained("my-adapter")
trained = TrainedAdapter.from_pretrained("my-adapter")     # or "user/name" on the Hugging Face Hub
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from huggingface_hub import ModelCard, ModelHubMixin
from torch import Tensor

from llu_core.data.fewshot import FewShotSet
from llu_core.data.forms.bundle_arrays import MAX_LOGIT_SCALE
from llu_core.encoders.backbones import may_be_one_model
from llu_core.errors import LluError, one_line
from llu_core.files.archives import MAX_BYTES
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate, nearest_anchor
from llu_core.method.adapter_files import FORMAT, located, read_adapter, save_whole, write_adapter
from llu_core.method.elsewhere.familiarity import familiar_from
from llu_core.method.recipes import Recipe
from llu_core.method.saved.card import card_text, make_card
from llu_core.method.saved.parts import read_familiar_from, read_statistics, require_pictures, require_tensor
from llu_core.method.saved.provenance import UNKNOWN, Provenance
from llu_core.method.statistics.head import MAX_WEIGHT

TAGS = ["clip", "few-shot", "localized-latent-updates"]


@dataclass(frozen=True, eq=False)
class TrainedAdapter(ModelHubMixin, library_name="llu-explorer", tags=TAGS):
    """A LocalizedAdapter with what is needed to use it elsewhere.

    class_names, class_embeddings (C, d): every class it was asked to tell apart; trained_classes: the labels that
    had shots. anchor_labels (m,), anchor_names: the class and the picture that stand behind each image anchor;
    anchor_thumbnails (m, s, s, 3) uint8 or None. encoder_identity: weights and preprocessing of the frozen model,
    "" if unknown; model: the name that loads it. recipe: the settings it was trained with, as plain values.
    familiar_from: the cosine to the nearest anchor from which on a picture is familiar, None where nobody can say.
    provenance: what its card tells of its training.
    """

    # The mixin writes attributes onto instances that have no configuration yet; this one is frozen and writes its own.
    _hub_mixin_config: ClassVar[dict] = {"format": FORMAT}  # pyright: ignore[reportIncompatibleVariableOverride]

    adapter: LocalizedAdapter
    class_names: tuple[str, ...]
    class_embeddings: Tensor
    trained_classes: tuple[int, ...]
    templates: tuple[str, ...]
    encoder_identity: str
    model: str
    recipe: dict[str, Any]
    seed: int
    anchor_labels: Tensor
    anchor_names: tuple[str, ...]
    anchor_thumbnails: Tensor | None = None
    familiar_from: float | None = None
    provenance: Provenance = UNKNOWN

    @classmethod
    def of(
        cls,
        shots: FewShotSet,
        adapter: LocalizedAdapter,
        recipe: Recipe,
        *,
        seed: int = 0,
        model: str = "",
        pictures: bool = False,
    ) -> "TrainedAdapter":
        """Join a freshly trained adapter with the few-shot set it was trained on.

        pictures: keep small pictures of the anchors, where the set has some; they are then saved with the adapter.
        """
        nearest = nearest_anchor(adapter.image.anchors, shots.train.embeddings)[1]
        thumbnails = shots.train.thumbnails if pictures else None
        taught, counts = shots.train.labels.unique(return_counts=True)
        return cls(
            adapter=adapter,
            class_names=shots.class_names,
            class_embeddings=shots.class_embeddings,
            trained_classes=tuple(taught.tolist()),
            templates=shots.templates,
            encoder_identity=shots.encoder_identity,
            model=model or shots.encoder_name,
            recipe=asdict(recipe),
            seed=seed,
            anchor_labels=shots.train.labels[nearest],
            anchor_names=tuple(shots.train.names[i] for i in nearest.tolist()),
            anchor_thumbnails=None if thumbnails is None else torch.from_numpy(thumbnails[nearest.numpy()]),
            familiar_from=familiar_from(shots.train.embeddings, adapter.image.anchors),
            provenance=Provenance(shots.name, tuple(counts.tolist())),
        )

    def is_familiar(self, similarity: float) -> bool | None:
        """The verdict for a picture with this cosine to its nearest anchor; None where nobody can say."""
        return None if self.familiar_from is None else similarity >= self.familiar_from

    def require_encoder(self, identity: str, width: int, name: str = "") -> None:
        """Raise LluError unless embeddings of that encoder can be given to this adapter; name: what loads it, or ""."""
        if width != self.adapter.width:
            raise LluError(
                f"the adapter works on embeddings {self.adapter.width} wide, the loaded model gives {width}; "
                f"load the model it was trained with{self._trained_with()}"
            )
        if not may_be_one_model((self.model, self.encoder_identity), (name, identity)):
            raise LluError(
                f"the adapter was trained on another model than {identity or name}; load that one{self._trained_with()}"
            )

    def _trained_with(self) -> str:
        return f" ({self.model or self.encoder_identity})" if self.model or self.encoder_identity else ""

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> str | None:
        """Write the adapter to a folder; `options` as huggingface_hub's mixin takes them (push_to_hub, repo_id ...).

        A card that was written by hand stays. A process that is killed meanwhile leaves the older adapter, or a pair of
        files that loading refuses.
        Raises LluError where the folder cannot be written.
        """
        folder = Path(save_directory)
        named: dict[str, Any] = {"repo_id": folder.name} | options
        return save_whole(folder, lambda made: super(TrainedAdapter, self).save_pretrained(made, **named))

    def _save_pretrained(self, save_directory: Path) -> None:
        write_adapter(save_directory, self.configuration(), self.tensors())

    def generate_model_card(self, *, license: str | None = None, **others: Any) -> ModelCard:
        """The card; license: the Hub's name of the adapter's licence (`model_card_kwargs={"license": "mit"}`)."""
        text = card_text(
            class_names=self.class_names,
            trained_classes=self.trained_classes,
            model=self.model,
            encoder_known=bool(self.encoder_identity and self.model),
            mask=(self.adapter.beta, self.adapter.gamma),
            provenance=self.provenance,
            pictures=self.anchor_thumbnails is not None,
        )
        return make_card(text, tags=TAGS, license=license)

    def tensors(self) -> dict[str, Tensor]:
        """What the file of weights holds."""
        image, text = self.adapter.image, self.adapter.text
        tensors = {
            "image.weight": image.update.weight,
            "image.bias": image.update.bias,
            "image.anchors": image.anchors,
            "text.anchors": text.anchors,
            "class_embeddings": self.class_embeddings,
            "anchor_labels": self.anchor_labels,
        }
        if not self.adapter.shared:
            tensors |= {"text.weight": text.update.weight, "text.bias": text.update.bias}
        if self.adapter.statistics is not None:
            tensors |= self.adapter.statistics.tensors
        if self.anchor_thumbnails is not None:
            tensors["anchor_thumbnails"] = self.anchor_thumbnails
        return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}

    def configuration(self) -> dict[str, Any]:
        """What the file of the configuration holds, its format aside."""
        return {
            "width": self.adapter.width,
            "shared": self.adapter.shared,
            "beta": self.adapter.beta,
            "gamma": _plain(self.adapter.gamma),
            "logit_scale": self.adapter.logit_scale,
            "statistics": self.adapter.statistics and self.adapter.statistics.weight,
            "class_names": list(self.class_names),
            "trained_classes": list(self.trained_classes),
            "templates": list(self.templates),
            "encoder": self.encoder_identity,
            "model": self.model,
            "recipe": {key: _plain(value) for key, value in self.recipe.items()},
            "seed": self.seed,
            "anchor_names": list(self.anchor_names),
            "familiar_from": self.familiar_from,
            "provenance": self.provenance.as_json(),
        }

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> "TrainedAdapter":
        """Load a folder or a zip of it, or a Hugging Face Hub repository by its name (`options`: revision, token ...).

        Raises LluError, saying what is wrong, for anything that is not an intact adapter of a known version.
        """
        return load_adapter(located(pretrained_model_name_or_path, **options))


def _plain(value: Any) -> Any:
    """JSON has no infinity; it is written as "inf", which float() reads."""
    return "inf" if isinstance(value, float) and math.isinf(value) else value


def load_adapter(path: Path, max_bytes: int = MAX_BYTES) -> TrainedAdapter:
    """The adapter in a folder, or in a zip that may unpack to `max_bytes`; raises LluError as the class does."""
    files = read_adapter(path, max_bytes)
    if files.composed:
        raise LluError(f"{files.place} holds several adapters, composed; give the folder that training wrote")
    trained = assembled(files.place, files.config, files.tensors)
    files.require_pair()
    return trained


def assembled(place: str, config: dict[str, Any], tensors: dict[str, Tensor]) -> TrainedAdapter:
    """The adapter of a configuration and tensors; raises LluError, naming the place, where they do not fit."""
    try:
        trained = _assemble(config, tensors)
        _check(trained, config)
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise LluError(
            f"{place} is a damaged adapter ({type(error).__name__}: {one_line(error)}); save it again"
        ) from error
    return trained


def _assemble(config: dict[str, Any], tensors: dict[str, Tensor]) -> TrainedAdapter:
    image = AffineUpdate(tensors["image.weight"], tensors["image.bias"])
    text = image if config["shared"] else AffineUpdate(tensors["text.weight"], tensors["text.bias"])
    adapter = LocalizedAdapter(
        image=LocalizedUpdate(image, tensors["image.anchors"]),
        text=LocalizedUpdate(text, tensors["text.anchors"]),
        beta=float(config["beta"]),
        gamma=float(config["gamma"]),
        logit_scale=float(config["logit_scale"]),
        statistics=read_statistics(config, tensors),
    )
    return TrainedAdapter(
        adapter=adapter,
        class_names=tuple(map(str, config["class_names"])),
        class_embeddings=tensors["class_embeddings"],
        trained_classes=tuple(map(int, config["trained_classes"])),
        templates=tuple(map(str, config["templates"])),
        encoder_identity=str(config["encoder"]),
        model=str(config["model"]),
        recipe=dict(config["recipe"]),
        seed=int(config["seed"]),
        anchor_labels=tensors["anchor_labels"],
        anchor_names=tuple(map(str, config["anchor_names"])),
        anchor_thumbnails=tensors.get("anchor_thumbnails"),
        familiar_from=read_familiar_from(config, tensors["image.anchors"]),
        provenance=Provenance.from_json(config.get("provenance")),
    )


def _check(trained: TrainedAdapter, config: dict[str, Any]) -> None:
    """Shapes that fit each other, finite numbers, labels in range; raises ValueError."""
    width, classes, anchors = int(config["width"]), len(trained.class_names), len(trained.anchor_names)
    image, text = trained.adapter.image, trained.adapter.text
    expected = [
        ("image.weight", image.update.weight, (width, width)),
        ("image.bias", image.update.bias, (width,)),
        ("text.weight", text.update.weight, (width, width)),
        ("text.bias", text.update.bias, (width,)),
        ("image.anchors", image.anchors, (anchors, width)),
        ("text.anchors", text.anchors, (len(text.anchors), width)),
        ("class_embeddings", trained.class_embeddings, (classes, width)),
        ("anchor_labels", trained.anchor_labels, (anchors,)),
    ]
    if (statistics := trained.adapter.statistics) is not None:
        shots, taught = len(statistics.targets), len(trained.trained_classes)
        shapes = (shots, width), (shots,), (taught, width)
        expected += [(*each, shape) for each, shape in zip(statistics.tensors.items(), shapes, strict=True)]
        if not 0 <= statistics.weight <= MAX_WEIGHT:
            raise ValueError(f"the weight of the statistics is {statistics.weight}")
    for name, tensor, shape in expected:
        require_tensor(name, tensor, shape)
    if not 0 < trained.adapter.logit_scale <= MAX_LOGIT_SCALE:
        raise ValueError(f"logit_scale is {trained.adapter.logit_scale}")
    if not -1 <= (trained.familiar_from or 0) <= 1:
        raise ValueError(f"familiar_from is {trained.familiar_from}, which is no cosine")
    if len(set(trained.class_names)) != classes or not all(name.strip() for name in trained.class_names):
        raise ValueError("class names are empty or come twice")
    if not trained.trained_classes or len(set(trained.trained_classes)) != len(trained.trained_classes):
        raise ValueError("trained_classes is empty or names a class twice")
    labels = [*trained.trained_classes, *trained.anchor_labels.tolist()]
    if min(labels) < 0 or max(labels) >= classes:
        raise ValueError("a label lies outside the class names")
    if statistics is not None and set(statistics.targets.tolist()) != set(range(len(statistics.texts))):
        raise ValueError("the shots of the statistics are not those of the trained classes")
    require_pictures(trained.anchor_thumbnails, anchors)
