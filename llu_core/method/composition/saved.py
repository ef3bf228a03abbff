"""A composition on disk: the same two files as an adapter, `config.json` and `adapter.safetensors`, with all sets.

composed = TrainedComposition.of({"birds": birds, "tools": tools})          each a TrainedAdapter
composed.save_pretrained("both")
composed = TrainedComposition.from_pretrained("both")       # a folder, a zip of it, or "user/name" on the Hub

Every set is kept whole, so that taking one out again leaves what was there before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar

import torch
from huggingface_hub import ModelCard, ModelHubMixin
from torch import Tensor

from llu_core.encoders.backbones import may_be_one_model
from llu_core.errors import LluError, one_line
from llu_core.files.archives import MAX_BYTES
from llu_core.method.adapter_files import (
    COMPOSITION,
    COMPOSITION_VERSION,
    AdapterFiles,
    located,
    read_adapter,
    save_whole,
    write_adapter,
)
from llu_core.method.checkpoint import TAGS, TrainedAdapter, assembled
from llu_core.method.composition.composition import Composition
from llu_core.method.saved.card import composition_text, make_card

MAX_SETS = 1_000


@dataclass(frozen=True, eq=False)
class TrainedComposition(ModelHubMixin, library_name="llu-explorer", tags=TAGS):
    """Saved adapters of several sets, asked together. sets: at least one; names: what each is called, none twice;
    max_anchors: as Composition has it.

    Raises LluError for adapters of different backbones: another width, logit scale or identity, or another name where
    an identity is not known; one of which neither is known is taken by its width and scale.
    """

    # as in TrainedAdapter
    _hub_mixin_config: ClassVar[dict] = {"format": COMPOSITION}  # pyright: ignore[reportIncompatibleVariableOverride]

    sets: tuple[TrainedAdapter, ...]
    names: tuple[str, ...]
    max_anchors: int | None = None

    def __post_init__(self) -> None:
        twice = next((name for name in self.names if self.names.count(name) > 1), None)
        if twice is not None:
            raise LluError(f"two sets are called {twice!r}; give every set a name of its own")
        for (first, one), (second, other) in combinations(zip(self.names, self.sets, strict=True), 2):
            if may_be_one_model((one.model, one.encoder_identity), (other.model, other.encoder_identity)):
                continue
            raise LluError(f"{first!r} and {second!r} were trained on different models; compose those of one")
        _ = self.adapter  # says so where widths or scales differ

    @classmethod
    def of(cls, sets: Mapping[str, TrainedAdapter], max_anchors: int | None = None) -> "TrainedComposition":
        """The sets by their names."""
        return cls(tuple(sets.values()), tuple(sets), max_anchors)

    def having(self, name: str, trained: TrainedAdapter) -> "TrainedComposition":
        """With one more set."""
        return replace(self, sets=(*self.sets, trained), names=(*self.names, name))

    def without(self, name: str) -> "TrainedComposition":
        """Without the set of that name; raises LluError where there is none, or no other."""
        if name not in self.names:
            raise LluError(f"there is no set {name!r}; choose from: {', '.join(self.names)}")
        kept = {other: each for other, each in zip(self.names, self.sets, strict=True) if other != name}
        return TrainedComposition.of(kept, self.max_anchors)

    @cached_property
    def adapter(self) -> Composition:
        """What answers."""
        return Composition(tuple(each.adapter for each in self.sets), self.max_anchors)

    @cached_property
    def _classes(self) -> dict[str, Tensor]:
        """The class texts of all sets by name; of sets that share a name, the first one's."""
        found: dict[str, Tensor] = {}
        for each in self.sets:
            for name, row in zip(each.class_names, each.class_embeddings, strict=True):
                found.setdefault(name, row)
        return found

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of all sets, each once."""
        return tuple(self._classes)

    @property
    def class_embeddings(self) -> Tensor:
        """(C, d), their texts."""
        return torch.stack(list(self._classes.values()))

    @property
    def templates(self) -> tuple[str, ...]:
        """The first set's, for names that are asked for anew."""
        return self.sets[0].templates

    @property
    def model(self) -> str:
        """The name that loads the backbone, as the first set that knows it says."""
        return next((each.model for each in self.sets if each.model), "")

    def require_encoder(self, identity: str, width: int, name: str = "") -> None:
        """Raise LluError unless embeddings of that encoder can be given to every set; name: as in TrainedAdapter."""
        for each in self.sets:
            each.require_encoder(identity, width, name)

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> str | None:
        """Write all sets to a folder, as TrainedAdapter does with one; options: push_to_hub, repo_id ..."""
        folder = Path(save_directory)
        named: dict[str, Any] = {"repo_id": folder.name} | options
        return save_whole(folder, lambda made: super(TrainedComposition, self).save_pretrained(made, **named))

    def generate_model_card(self, *, license: str | None = None, **others: Any) -> ModelCard:
        """The card; license: as in TrainedAdapter."""
        taught = {name: len(each.trained_classes) for name, each in zip(self.names, self.sets, strict=True)}
        text = composition_text(
            sets=taught,
            model=self.model,
            pictures=any(each.anchor_thumbnails is not None for each in self.sets),
        )
        return make_card(text, tags=TAGS, license=license)

    def _save_pretrained(self, save_directory: Path) -> None:
        config = {
            "format": COMPOSITION,
            "format_version": COMPOSITION_VERSION,
            "max_anchors": self.max_anchors,
            "names": list(self.names),
            "sets": [each.configuration() for each in self.sets],
        }
        tensors = {
            f"{index}/{name}": tensor for index, each in enumerate(self.sets) for name, tensor in each.tensors().items()
        }
        write_adapter(save_directory, config, tensors)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> "TrainedComposition":
        """Load a folder, a zip of it, or a Hugging Face Hub repository; one adapter is a composition of one set.

        Raises LluError, saying what is wrong, for anything else.
        """
        saved = load_saved(pretrained_model_name_or_path, **options)
        if isinstance(saved, TrainedAdapter):
            return cls((saved,), (Path(pretrained_model_name_or_path).stem,))
        return saved


def load_saved(name: str | Path, *, max_bytes: int = MAX_BYTES, **options: Any) -> TrainedAdapter | TrainedComposition:
    """What lies in a folder, a zip of it, or a Hugging Face Hub repository: an adapter or a composition.

    options: as the Hub takes them. Raises LluError, saying what is wrong, for anything else.
    """
    files = read_adapter(located(name, **options), max_bytes)
    saved = _composition(files) if files.composed else assembled(files.place, files.config, files.tensors)
    files.require_pair()
    return saved


def _composition(files: AdapterFiles) -> TrainedComposition:
    try:
        names, configurations = files.config["names"], files.config["sets"]
        max_anchors = files.config["max_anchors"]
        if not (isinstance(names, list) and isinstance(configurations, list)):
            raise TypeError("names and sets are no lists")
        if len(names) != len(configurations) or not 0 < len(names) <= MAX_SETS:
            raise ValueError(f"{len(names)} names for {len(configurations)} sets")
        if not all(isinstance(name, str) and name.strip() for name in names):
            raise ValueError("a set has no name")
        if max_anchors is not None and (type(max_anchors) is not int or max_anchors < 1):
            raise ValueError(f"max_anchors is {max_anchors!r}")
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise LluError(f"{files.place} is a damaged composition ({reason}); save it again") from error
    sets = [
        assembled(f"{files.place}, set {name!r},", config, _tensors_of(files.tensors, f"{index}/"))
        for index, (name, config) in enumerate(zip(names, configurations, strict=True))
    ]
    return TrainedComposition(tuple(sets), tuple(names), max_anchors)


def _tensors_of(tensors: Mapping[str, Tensor], start: str) -> dict[str, Tensor]:
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
