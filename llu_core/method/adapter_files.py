"""The two files of a saved adapter: a configuration in JSON and tensors in safetensors, no pickle.

They are written one after the other, the configuration last; it names the digest of the weights that it belongs to.
Here they are plain values and tensors; what these have to be is for `checkpoint` to say.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from llu_core.errors import LluError, one_line, shown
from llu_core.files.writing import taking_turns, write_whole

FORMAT = "llu-adapter"
FORMAT_VERSION = 2
"""2: may have class statistics, which a release that reads only 1 would leave out of its answers."""
MAX_CONFIG_BYTES = 2 * 2**20
"""A configuration of 1,000 classes and 100 anchors has about 100 KB; parsed, one may take 25 times its bytes."""
CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "adapter.safetensors", "README.md"


def write_adapter(folder: Path, config: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Write both files into `folder`; `config` is completed by the format and the digest of the weights.

    Raises LluError for names that are too long together to be read again.
    """
    weights = save(tensors)
    version = FORMAT_VERSION if config.get("statistics") is not None else 1
    named = {"format": FORMAT, "format_version": version}
    complete = named | config | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    text = (json.dumps(complete, indent=2) + "\n").encode()
    if len(text) > MAX_CONFIG_BYTES:
        raise LluError(
            f"the names of the classes and anchors take {len(text) / 2**20:.1f} MB, over the limit of "
            f"{MAX_CONFIG_BYTES >> 20} MB for an adapter; use shorter names, or fewer anchors or classes"
        )
    (folder / WEIGHTS_FILE).write_bytes(weights)
    (folder / CONFIG_FILE).write_bytes(text)


def move_adapter(source: Path, folder: Path) -> None:
    """Put the files of `source` in place of those in `folder`, each whole and on the disk, the configuration last.

    Two that do so at once take turns. A process that is killed meanwhile leaves the older adapter, or weights that
    their configuration does not know.
    """
    with taking_turns(folder):
        for name in (WEIGHTS_FILE, CARD_FILE, CONFIG_FILE):
            if name != CARD_FILE or not (folder / name).exists():  # a card may have been written by hand
                content = (source / name).read_bytes()
                write_whole(folder / name, lambda file, content=content: file.write(content), to_disk=True)


@dataclass(frozen=True, eq=False)
class AdapterFiles:
    """What the two files in `folder` hold; digest: the SHA-256 of the weights' bytes as they were read."""

    folder: Path
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    digest: str

    def require_pair(self) -> None:
        """Raise LluError unless the weights are those that the configuration was written with."""
        if self.config.get("weights_sha256", self.digest) != self.digest:  # early releases wrote no digest
            raise LluError(
                f"{self.folder}: {CONFIG_FILE} and {WEIGHTS_FILE} were not written together, or one is damaged; "
                "save the adapter again"
            )


def read_adapter(folder: Path) -> AdapterFiles:
    """Read both files; raises LluError, saying what is wrong, for anything but JSON and tensors of a known version."""
    config = _read_config(folder)
    return AdapterFiles(folder, config, *_read_tensors(folder / WEIGHTS_FILE))


def check_config_size(size: int, name: str) -> None:
    """Raise LluError if a configuration of `size` bytes is none that this project writes."""
    if size > MAX_CONFIG_BYTES:
        raise LluError(
            f"{name} has {size / 2**20:.1f} MB, over the limit of {MAX_CONFIG_BYTES >> 20} MB; "
            "give the folder that training wrote"
        )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    try:
        check_config_size(path.stat().st_size, str(path))
        config = _shown_throughout(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise LluError(f"{folder} holds no {CONFIG_FILE}; give the folder that training wrote") from None
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise LluError(f"{path} cannot be read as JSON ({type(error).__name__}); save the adapter again") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise LluError(f"{path} does not describe an adapter of this project; give the folder that training wrote")
    version = config.get("format_version")
    if not isinstance(version, int) or version < 1 or version > FORMAT_VERSION:
        raise LluError(
            f"{path} has format version {version!r}, this release reads up to {FORMAT_VERSION}; update LLU Explorer"
        )
    return config


def _shown_throughout(value: Any) -> Any:
    """The value with every text in it fit for print: somebody else may have chosen the names."""
    match value:
        case str():
            return shown(value)
        case list():
            return [_shown_throughout(each) for each in value]
        case dict():
            return {shown(key): _shown_throughout(each) for key, each in value.items()}
    return value


def _read_tensors(path: Path) -> tuple[dict[str, Tensor], str]:
    """The file's tensors, and the digest of its bytes."""
    try:
        data = path.read_bytes()
        return load(data), hashlib.sha256(data).hexdigest()
    except FileNotFoundError:
        raise LluError(f"{path.parent} holds no {path.name}; give the folder that training wrote") from None
    except Exception as error:  # beside its own error, the reader lets slip whatever bytes that lie bring about
        raise LluError(
            f"{path} is truncated or not a safetensors file ({one_line(error)}); save the adapter again"
        ) from error
