"""Reading an open_clip model from files: architecture, weights, tokenizer, and the name of what was read."""

import contextlib
import hashlib
import logging
import threading
import warnings
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from PIL import Image
from safetensors import SafetensorError

from llu_core.encoders.backbones import RANDOM, parse_backbone, pretrained_config
from llu_core.encoders.configuration import read_configuration
from llu_core.encoders.hub import LoadingStep
from llu_core.encoders.locating import architecture_steps, tokenizer_steps, weights_steps
from llu_core.encoders.model_table import LOCAL, PHOTO, Backbone
from llu_core.encoders.transfer import OTHER, FilesUnavailable
from llu_core.errors import LluError, one_line

HARMLESS_NUMBERS = 2**25
"""A model of so many takes 128 MB; whether its weights are whole is then found in reading them."""


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A frozen open_clip model on the CPU, in evaluation mode, and what belongs to it."""

    backbone: Backbone
    model: Any
    tokenize: Callable[[list[str]], torch.Tensor]
    preprocess: Callable[[Image.Image], torch.Tensor]
    identity: str  # names weights and preprocessing
    width: int  # d
    logit_scale: float  # s: class logits are s * cosine


class CannotLoad(LluError):
    """A model that cannot be loaded; reason and remedy say why, and what to do wherever one is."""

    def __init__(self, name: str, reason: object, remedy: str, elsewhere: str = ""):
        super().__init__(f"{name} cannot be loaded: {reason}; {remedy}{elsewhere}")
        self.name, self.reason, self.remedy = name, str(reason), remedy


def load_steps(name: str, checkpoint: str | Path | None = None) -> Generator[LoadingStep, None, LoadedModel]:
    """The model that `name` means (see `backbones.parse_backbone`), fetched first where it is not here.

    Closing the generator ends a download. Raises LluError, in one line, when the weights cannot be had or do not fit
    the architecture.
    """
    _check_open_clip()
    backbone, weights = parse_backbone(name, checkpoint)
    try:
        if backbone.model == PHOTO:
            yield LoadingStep("Loading")
            return _load_photo(backbone, weights)
        return (yield from _open_clip_steps(backbone, weights))
    except LluError as error:
        raise CannotLoad(backbone.name, error, *_remedies(backbone, error)) from error


def _load_photo(backbone: Backbone, weights: Path | None) -> LoadedModel:
    from llu_core.encoders.photo.model import LOGIT_SCALE, WIDTH, load_photo_model, preprocessing
    from llu_core.encoders.photo.parts import load_words

    if weights is not None:
        raise LluError(f"its weights come with two packages, so that {weights} cannot take their place")
    words, model = load_words(), load_photo_model()
    identity = _identity(backbone, model, quick_gelu=False)
    return LoadedModel(backbone, model, words, preprocessing(), identity, WIDTH, LOGIT_SCALE)


def _open_clip_steps(backbone: Backbone, weights: Path | None) -> Generator[LoadingStep, None, LoadedModel]:
    """All files first, from the smallest on, so that what cannot work is found before much is downloaded."""
    architecture = yield from architecture_steps(backbone)
    config = _model_config(architecture)
    tokenizer = yield from tokenizer_steps(backbone, architecture, config["text_cfg"])
    if backbone.model.startswith(RANDOM):
        if weights is not None:
            raise LluError(f"its weights are random, so that {weights} cannot take their place")
    else:
        weights = weights or (yield from weights_steps(backbone))
    yield LoadingStep("Loading")
    with _one_at_a_time, _quiet_open_clip():
        return _load_open_clip(backbone, architecture, config, weights, tokenizer)


_one_at_a_time = threading.Lock()
"""Building a model reaches into what the whole process shares: warnings, the root logger, the random numbers."""


def _load_open_clip(
    backbone: Backbone, architecture: str, config: dict[str, Any], weights: Path | None, tokenizer: Path | None
) -> LoadedModel:
    """weights: None for random ones; tokenizer: its folder, None for CLIP's own."""
    settings = pretrained_config(backbone.model, backbone.pretrained)
    if weights is not None and architecture.startswith(LOCAL):
        _check_size(architecture, weights)
    model, preprocess = _create(architecture, settings)
    if weights is not None:
        _read_weights(model, weights)
    model.float().eval().requires_grad_(False)
    identity = _identity(backbone, model, quick_gelu=bool(config.get("quick_gelu") or settings.get("quick_gelu")))
    _merge_branches(model)  # after the identity, which names the weights as they are published
    return LoadedModel(
        backbone=backbone,
        model=model,
        tokenize=_tokenizer(architecture, config["text_cfg"], tokenizer),
        preprocess=preprocess,
        identity=identity,
        width=config["embed_dim"],
        logit_scale=float(model.logit_scale.detach().exp()),
    )


def _merge_branches(model: Any) -> None:
    """Make one convolution of the branches that MobileCLIP's towers were trained with; the embeddings stay the same."""
    from timm.utils import reparameterize_model  # timm takes as long to import as open_clip, which brings it in

    try:
        with torch.random.fork_rng(devices=[]):  # the new layers are initialised before they are filled
            reparameterize_model(model, inplace=True)
    except Exception as error:  # a foreign configuration of a tower with branches fails in ways of its own
        raise LluError(f"the branches of its towers cannot be merged ({one_line(error)})") from error
    model.requires_grad_(False)


def _check_open_clip() -> None:
    try:
        import open_clip  # noqa: F401
    except (ImportError, RuntimeError) as error:  # torchvision's operators are missing in a torch of another build
        raise LluError(
            f"open_clip cannot be imported ({one_line(error)}); torch and torchvision must be a matching pair: "
            "pip install -r requirements.txt in a fresh environment."
        ) from error


def _remedies(backbone: Backbone, error: LluError) -> tuple[str, str]:
    """What to do about it, and what else there is where models are named on a command line."""
    if backbone.name == "picto":
        return "restore assets/picto_clip from the repository", ", or make it: python -m llu_core.pictoworld.pretrain."
    if backbone.model == PHOTO:
        return "take another model", ", such as --model vit-b-16."
    embedded = "which is always there: --model photo or --model picto."
    if not isinstance(error, FilesUnavailable):
        return OTHER, f", such as an embedded one, {embedded}"
    file = f"{backbone.name}@/path/to/weights.safetensors"
    given = "" if backbone.model.startswith(LOCAL) else f" give a weights file, --model {file}, or"
    return error.remedy, f"; or{given} use an embedded model, {embedded}"


def _model_config(architecture: str) -> dict[str, Any]:
    """open_clip's description of the architecture: its own, or a stranger's, which is checked before it is used."""
    if architecture.startswith(LOCAL):
        config = read_configuration(Path(architecture[len(LOCAL) :]))
    else:
        from open_clip import get_model_config

        config = get_model_config(architecture)
        if config is None:
            raise LluError(f"open_clip has no configuration of {architecture}")
    if config["text_cfg"].get("hf_tokenizer_name") and find_spec("transformers") is None:
        raise LluError("its tokenizer needs a package that is not installed (pip install transformers sentencepiece)")
    return config


def _check_size(architecture: str, weights: Path) -> None:
    """Refuse a stranger's configuration that asks for more numbers than its weights can hold, before any is made."""
    with torch.device("meta"):
        model, _ = _create(architecture, {}, device="meta")
    numbers = sum(each.numel() for each in (*model.parameters(), *model.buffers()))
    size = weights.stat().st_size
    if numbers > max(size, HARMLESS_NUMBERS):  # a number takes a byte at least
        raise LluError(f"its configuration asks for {numbers:,} numbers, and its weights have {size:,} bytes")


def _create(
    architecture: str, settings: dict[str, Any], *, device: str = "cpu"
) -> tuple[Any, Callable[[Image.Image], torch.Tensor]]:
    """The architecture with random weights, the same every time, and its preprocessing of images at inference."""
    from open_clip import create_model_and_transforms

    try:
        with torch.random.fork_rng(devices=[]):  # initialisation must not move the caller's random numbers
            torch.default_generator.manual_seed(0)  # not torch.manual_seed, which would move those of every GPU too
            model, _, preprocess = create_model_and_transforms(
                architecture,
                device=device,
                load_weights=False,
                pretrained_text=False,
                force_quick_gelu=settings.get("quick_gelu", False),
                image_mean=settings.get("mean"),
                image_std=settings.get("std"),
                image_interpolation=settings.get("interpolation"),
                image_resize_mode=settings.get("resize_mode"),
            )
    except Exception as error:  # a foreign configuration fails in as many ways as there are layers
        raise LluError(f"the model cannot be built from its configuration ({one_line(error)})") from error
    return model, preprocess  # type: ignore[return-value]


def _read_weights(model: Any, path: Path) -> None:
    """Fill the model from a file; never unpickles objects, so that a foreign file cannot run code."""
    from open_clip import load_checkpoint

    if path.suffix != ".safetensors" and _is_torchscript(path):
        raise LluError(
            f"{path} is a TorchScript archive, as OpenAI publishes them, and may hold code; "
            "take the open_clip_model.safetensors of the same model from the Hugging Face hub instead"
        )
    try:
        load_checkpoint(model, str(path), strict=True, weights_only=True)
    except (SafetensorError, UnpicklingError, EOFError, OSError) as error:
        raise LluError(f"{path} is damaged, or holds more than weights") from error
    except Exception as error:  # weights of another model fail in as many ways as there are layers
        raise LluError(f"{path} does not hold weights of this architecture ({one_line(error)})") from error


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _tokenizer(architecture: str, text: dict[str, Any], folder: Path | None) -> Callable[[list[str]], torch.Tensor]:
    """The tokenizer in `folder`, or CLIP's own where there is none; it never runs code that lies there."""
    from open_clip import get_tokenizer
    from open_clip.tokenizer import HFTokenizer

    try:
        if folder is None:
            return get_tokenizer(architecture)
        settings: dict[str, Any] = (text.get("tokenizer_kwargs") or {}) | {"trust_remote_code": False}
        context = text.get("context_length", 77)
        mode = text.get("tokenizer_mode")
        return HFTokenizer(str(folder), context_length=context, tokenizer_mode=mode, **settings)
    except Exception as error:  # transformers, or a file that it does not understand
        raise LluError(f"its tokenizer cannot be had ({one_line(error)})") from error


def _identity(backbone: Backbone, model: Any, *, quick_gelu: bool) -> str:
    """Name, digest of the float32 weights (whatever file they came from) and what is done to an image."""
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        digest.update(f"{key} {tuple(value.shape)}".encode())
        digest.update(value.detach().float().contiguous().numpy().tobytes())
    name = Path(backbone.model).name if backbone.model.startswith(LOCAL) else backbone.name
    seen = model.visual.preprocess_cfg
    random = ["random weights"] * backbone.model.startswith(RANDOM)  # at the end, where nothing real has it
    steps = (f"{seen['size']} px", seen["resize_mode"], seen["interpolation"])
    colours = f"mean {list(seen['mean'])} std {list(seen['std'])}"
    return ", ".join([name, digest.hexdigest()[:16], *["quickgelu"] * quick_gelu, *steps, colours, *random])


@contextlib.contextmanager
def _quiet_open_clip() -> Iterator[None]:
    """Keep open_clip's remarks out of the program's output.

    It speaks through the root logger, which would also be given a handler on the spot, for good, if it had none.
    """

    def from_elsewhere(record: logging.LogRecord) -> bool:
        return Path(record.pathname).parent.name != "open_clip"

    root, placeholder = logging.getLogger(), logging.NullHandler()
    root.addHandler(placeholder)
    root.addFilter(from_elsewhere)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeFilter(from_elsewhere)
        root.removeHandler(placeholder)
