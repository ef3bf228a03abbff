"""Frozen vision-language encoders: images and texts become unit rows of one space."""

import contextlib
import hashlib
import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal, Protocol

import torch
from PIL import Image
from safetensors import SafetensorError
from torch.nn import functional as F

from llu_core.backbones import (
    Backbone,
    FilesUnavailable,
    locate_architecture,
    locate_weights,
    one_line,
    parse_backbone,
    pretrained_config,
)
from llu_core.errors import LluError
from llu_core.steps import one_ahead

_log = logging.getLogger(__name__)

Precision = Literal["auto", "fp32", "fp16", "bf16"]
_HALF = {"fp16": torch.float16, "bf16": torch.bfloat16}


class Encoder(Protocol):
    """What the method needs of a model. Embeddings of equal `identity` may be compared with each other."""

    @property
    def identity(self) -> str: ...  # names weights and preprocessing
    @property
    def width(self) -> int: ...  # d
    @property
    def logit_scale(self) -> float: ...  # s: class logits are s * cosine
    @property
    def title(self) -> str: ...  # for people
    @property
    def note(self) -> str: ...  # what the model knows, in a sentence

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given; batches inside."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given; batches inside."""
        ...


@dataclass
class Place:
    """Where a model lies now, and how much it takes at once; what about an encoder can change."""

    device: torch.device
    batch_size: int


@dataclass(frozen=True, eq=False)
class OpenClipEncoder:
    """A frozen open_clip model. Weights stay float32; half precision on CUDA is the arithmetic's alone.

    device: the one that was chosen. When its memory is full, batches get smaller, and at last the CPU takes over.
    """

    model: Any
    tokenize: Callable[[list[str]], torch.Tensor]
    preprocess: Callable[[Image.Image], torch.Tensor]
    device: torch.device
    precision: Precision
    batch_size: int
    identity: str
    title: str
    width: int
    logit_scale: float
    about: str = ""
    place: Place = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "place", Place(self.device, self.batch_size))

    @property
    def note(self) -> str:
        """What the model knows, and where it had to go on when its device was full."""
        if self.place.device == self.device:
            return self.about
        return f"{self.about} {self.device} ran out of memory, so it works on the CPU, more slowly."

    @classmethod
    def load(
        cls,
        name: str = "picto",
        *,
        device: str | torch.device | None = None,
        checkpoint: str | Path | None = None,
        batch_size: int = 128,
        precision: Precision = "auto",
    ) -> "OpenClipEncoder":
        """Load a backbone by name (see `backbones.parse_backbone`), on CUDA where there is one unless told otherwise.

        `precision` "auto" is float32 on the CPU and half precision on CUDA. Raises LluError, in one line, when the
        weights cannot be had, do not fit the architecture, or the device does not exist.
        """
        _check_open_clip()
        backbone, weights = parse_backbone(name, checkpoint)
        where = choose_device(device)
        if precision == "auto":
            precision = "fp16" if where.type == "cuda" else "fp32"
        try:
            with _quiet_open_clip():
                return cls._build(backbone, weights, where, precision, batch_size)
        except LluError as problem:
            remedy = _remedy(backbone, isinstance(problem, FilesUnavailable))
            raise LluError(f"{backbone.name} cannot be loaded: {problem}; {remedy}") from problem

    @classmethod
    def _build(
        cls, backbone: Backbone, weights: Path | None, device: torch.device, precision: Precision, batch_size: int
    ) -> "OpenClipEncoder":
        architecture = locate_architecture(backbone)
        config = _model_config(architecture)
        weights = weights or locate_weights(backbone)
        settings = pretrained_config(backbone.model, backbone.pretrained)
        model, preprocess = _create(architecture, settings)
        _read_weights(model, weights)
        own_tokenizer = "hf_tokenizer_name" in config["text_cfg"]
        model.eval().requires_grad_(False)
        identity = _identity(backbone, model, quick_gelu=bool(config.get("quick_gelu") or settings.get("quick_gelu")))
        return cls(
            # Channels last: convolutions run half as fast again.
            model=model.to(device, memory_format=torch.channels_last),
            # The hub's name, since a repository may borrow the tokenizer of another one.
            tokenize=_tokenizer(backbone.model if own_tokenizer else architecture),
            preprocess=preprocess,
            device=device,
            precision=precision,
            batch_size=batch_size,
            identity=identity,
            title=backbone.title,
            about=backbone.note,
            width=config["embed_dim"],
            logit_scale=float(model.logit_scale.detach().exp()),
        )

    def on(self, device: str | torch.device) -> "OpenClipEncoder":
        """The same encoder working on `device`, to which the model itself moves; half precision on CUDA."""
        where = choose_device(device)
        self.model.to(where)
        precision: Precision = "fp16" if where.type == "cuda" else "fp32"
        return replace(self, device=where, precision=precision)

    @property
    def image_size(self) -> int:
        """Side in pixels of the squares that the image tower sees."""
        size = self.model.visual.preprocess_cfg["size"]
        return size if isinstance(size, int) else size[0]

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given. Images of any mode and size."""
        return self._in_batches(images, self._pixels, self.model.encode_image)

    def _pixels(self, images: Sequence[Image.Image]) -> torch.Tensor:
        rgb = (image if image.mode == "RGB" else image.convert("RGB") for image in images)  # no copy without need
        return torch.stack([self.preprocess(image) for image in rgb])

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) float32 unit rows on the CPU, in the order given. What exceeds the context length is cut off."""
        return self._in_batches(texts, lambda batch: self.tokenize(list(batch)), self.model.encode_text)

    def _in_batches(
        self,
        inputs: Sequence[Any],
        prepare: Callable[[Sequence[Any]], torch.Tensor],
        encode: Callable[[torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        # Allocated outside inference mode: a tensor made inside could not take part in training.
        rows = torch.empty(len(inputs), self.width)
        prepared = (
            prepare(inputs[start : start + self.batch_size]) for start in range(0, len(inputs), self.batch_size)
        )
        if self.place.device.type != "cpu":  # where it would only take the cores from the model
            prepared = one_ahead(prepared)
        done = 0
        for batch in prepared:
            rows[done : done + len(batch)] = self._unit_rows(encode, batch)
            done += len(batch)
        return rows

    def _unit_rows(self, encode: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor) -> torch.Tensor:
        """(n, d), in as many pieces as the device has memory for."""
        rows, pending = [], list(batch.split(self.place.batch_size))
        while pending:
            try:
                rows.append(self._encoded(encode, pending[0]))
            except torch.OutOfMemoryError:
                if len(pending[0]) > 1:
                    self.place.batch_size = len(pending[0]) // 2
                elif not self._moved_to_the_cpu():
                    raise
                pending = list(torch.cat(pending).split(self.place.batch_size))
            else:
                pending = pending[1:]
        return torch.cat(rows)

    def _encoded(self, encode: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor) -> torch.Tensor:
        half = _HALF.get(self.precision) if self.place.device == self.device else None
        with torch.inference_mode(), torch.autocast(self.place.device.type, half, enabled=half is not None):
            embeddings = F.normalize(encode(batch.to(self.place.device)).float(), dim=-1)
            if not embeddings.isfinite().all():
                raise LluError(
                    f"{self.title} gives embeddings that are no numbers: the weights are damaged, "
                    f"or {self.precision} is too coarse for them; try precision fp32 or another model."
                )
            return embeddings.cpu()

    def _moved_to_the_cpu(self) -> bool:
        """Go on there for good, where the device has no room for a single input; whether that is a change."""
        if self.place.device.type == "cpu":
            return False
        _log.warning("%s has no memory left for %s; it goes on with the CPU, which is slower.", self.device, self.title)
        self.place.device, self.place.batch_size = torch.device("cpu"), self.batch_size
        self.model.to(self.place.device)
        return True


def _check_open_clip() -> None:
    try:
        import open_clip  # noqa: F401
    except (ImportError, RuntimeError) as problem:  # torchvision's operators are missing in a torch of another build
        raise LluError(
            f"open_clip cannot be imported ({one_line(problem)}); torch and torchvision must be a matching pair: "
            "pip install -r requirements.txt in a fresh environment."
        ) from problem


def choose_device(device: str | torch.device | None) -> torch.device:
    """`device`, or CUDA where there is one and the CPU elsewhere. Raises LluError for one that is not there."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as problem:
        raise LluError(f"There is no device {device!r}; choose cpu or cuda.") from problem
    cuda, mps = (chosen.index or 0) < torch.cuda.device_count(), torch.backends.mps.is_available()
    if not {"cpu": True, "cuda": cuda, "mps": mps}.get(chosen.type, False):
        raise LluError(f"The device {device} is not available on this machine; choose cpu, or leave the choice open.")
    return chosen


def _remedy(backbone: Backbone, unavailable: bool) -> str:
    if backbone.name == "picto":
        return "restore assets/picto_clip from the repository, or make it with python -m llu_core.pictoworld.pretrain."
    alternative = "use the embedded model, which is always there: --model picto."
    if unavailable and not backbone.model.startswith("local-dir:"):
        file = f"{backbone.name}@/path/to/weights.safetensors"
        return f"give a weights file, --model {file}, or fill that cache where there is a network, or {alternative}"
    return alternative


def _model_config(architecture: str) -> dict[str, Any]:
    """open_clip's description of the architecture, checked for what is used of it."""
    try:
        from open_clip import get_model_config

        config = get_model_config(architecture)
        if not isinstance(config, dict) or not {"embed_dim", "vision_cfg", "text_cfg"} <= config.keys():
            raise LluError(f"the configuration of {architecture} does not describe an open_clip model")
    except (OSError, ValueError, AttributeError, TypeError) as problem:
        raise LluError(f"the configuration of {architecture} cannot be read ({one_line(problem)})") from problem
    if "hf_tokenizer_name" in config["text_cfg"] and find_spec("transformers") is None:
        raise LluError("its tokenizer needs a package that is not installed (pip install transformers sentencepiece)")
    return config


def _create(architecture: str, settings: dict[str, Any]) -> tuple[Any, Callable[[Image.Image], torch.Tensor]]:
    """The architecture with arbitrary weights, and its preprocessing of images at inference."""
    from open_clip import create_model_and_transforms

    try:
        with torch.random.fork_rng(devices=[]):  # initialisation must not move the caller's random numbers
            model, _, preprocess = create_model_and_transforms(
                architecture,
                load_weights=False,
                pretrained_text=False,
                force_quick_gelu=settings.get("quick_gelu", False),
                image_mean=settings.get("mean"),
                image_std=settings.get("std"),
                image_interpolation=settings.get("interpolation"),
                image_resize_mode=settings.get("resize_mode"),
            )
    except Exception as problem:  # a foreign configuration fails in as many ways as there are layers
        raise LluError(f"the model cannot be built from its configuration ({one_line(problem)})") from problem
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
    except (SafetensorError, UnpicklingError, EOFError, OSError) as problem:
        raise LluError(f"{path} is damaged, or holds more than weights") from problem
    except Exception as problem:  # weights of another model fail in as many ways as there are layers
        raise LluError(f"{path} does not hold weights of this architecture ({one_line(problem)})") from problem


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _tokenizer(name: str) -> Callable[[list[str]], torch.Tensor]:
    from open_clip import get_tokenizer

    try:
        return get_tokenizer(name)
    except Exception as problem:  # a tokenizer of the hub: network, package or file trouble
        raise LluError(f"its tokenizer cannot be had ({one_line(problem)})") from problem


def _identity(backbone: Backbone, model: Any, *, quick_gelu: bool) -> str:
    """Name, digest of the float32 weights (whatever file they came from) and what is done to an image."""
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        digest.update(f"{key} {tuple(value.shape)}".encode())
        digest.update(value.detach().float().contiguous().numpy().tobytes())
    name = Path(backbone.model).name if backbone.model.startswith("local-dir:") else backbone.name
    seen = model.visual.preprocess_cfg
    steps = (f"{seen['size']} px", seen["resize_mode"], seen["interpolation"])
    colours = f"mean {list(seen['mean'])} std {list(seen['std'])}"
    return ", ".join([name, digest.hexdigest()[:16], *["quickgelu"] * quick_gelu, *steps, colours])


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
