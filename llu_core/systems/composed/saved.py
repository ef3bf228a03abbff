"""A saved adapter or composition as a system: nothing is trained, it answers as it is. Its name is "saved:DIR"."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from llu_core.errors import LluError
from llu_core.method.adapter_files import located, read_adapter
from llu_core.method.composition.saved import load_saved
from llu_core.systems.contract import AnyClasses, Device, Fitted, Material
from llu_core.systems.registry import System

SAVED = "saved:"


@dataclass(frozen=True)
class SavedFiles:
    """address: a folder, a zip or a Hugging Face repository; digest: of the weights that lay there."""

    address: str
    digest: str


def saved_system(name: str) -> System:
    """The system of that name; raises LluError where nothing intact lies there."""
    address = name.removeprefix(SAVED)
    if Path(address).exists():
        address = str(Path(address).absolute())
    files = SavedFiles(address, read_adapter(located(address)).digest)
    answer = partial(fit, recipe=files)
    return System(name, name, new_classes=True, needs_encoder=False, fit=answer, settings=files)


def fit(material: Material, seed: int, device: Device, recipe: SavedFiles) -> Fitted:
    """What was saved, which the shots have no part in; raises LluError where it is of another model."""
    saved, shots = load_saved(recipe.address), material.shots
    if shots.encoder_identity or shots.encoder_name:
        saved.require_encoder(shots.encoder_identity, shots.width, shots.encoder_name)
    elif saved.adapter.width != shots.width:
        raise LluError(
            f"{recipe.address} works on embeddings {saved.adapter.width} wide, those of {shots.name} are {shots.width}"
        )
    return AnyClasses(saved.adapter)
