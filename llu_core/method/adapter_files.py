"""The two files of a saved adapter: a configuration in JSON and tensors in safetensors, no pickle.

They are written one after the other, the configuration last; it names the digest of the weights that it belongs to.
Here they are plain values and tensors; what these have to be is for `checkpoint` to say.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors.torch import load, save
from torch import Tensor

from llu_core.data.forms.project import PROJECT_FILE
from llu_core.errors import LluError, one_line, shown
from llu_core.files.archives import MAX_BYTES
from llu_core.files.leftovers import is_leftover
from llu_core.files.listing import list_zip
from llu_core.files.writing import folder_beside, taking_turns, write_whole
from llu_core.method.saved.card import is_untouched

FORMAT = "llu-adapter"
FORMAT_VERSION = 2
"""2: may have class statistics, which a release that reads only 1 would leave out of its answers."""
COMPOSITION, COMPOSITION_VERSION = "llu-composition", 1
"""Several adapters in one pair of files: see `composition.saved`."""
MAX_CONFIG_BYTES = 2 * 2**20
"""A configuration of 1,000 classes and 100 anchors has about 100 KB; parsed, one may take 25 times its bytes."""
MAX_ADAPTER_FILES = 50
"""The most that a zip may hold, unless it is a project, which has its pictures beside the adapter; it needs two, and
operating systems add a few more when they zip a folder."""
CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "adapter.safetensors", "README.md"

_HUB_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_GIVE = "give the folder that training wrote, or a zip of it"


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


def save_whole(folder: Path, save_into: Callable[[Path], str | None]) -> str | None:
    """Write what `save_into` writes into a folder that it is given; the older files are replaced when it has ended.

    Raises LluError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with folder_beside(folder) as made:  # the mixin of huggingface_hub would delete the older files first
            address = save_into(made)
            move_adapter(made, folder)
    except OSError as error:
        raise LluError(
            f"the adapter cannot be written to {folder} ({error.strerror or error}); choose another place"
        ) from error
    return address


def holds_adapter(folder: Path) -> bool:
    """Whether one of the two files of an adapter lies in `folder`."""
    return any((folder / name).exists() for name in (CONFIG_FILE, WEIGHTS_FILE))


def move_adapter(source: Path, folder: Path) -> None:
    """Put the files of `source` in place of those in `folder`, each whole and on the disk, the configuration last.

    Two that do so at once take turns. A process that is killed meanwhile leaves the older adapter, or weights that
    their configuration does not know.
    """
    with taking_turns(folder):
        for name in (WEIGHTS_FILE, CARD_FILE, CONFIG_FILE):
            if name != CARD_FILE or _may_be_written(folder / name):
                content = (source / name).read_bytes()
                write_whole(folder / name, lambda file, content=content: file.write(content), to_disk=True)


def _may_be_written(card: Path) -> bool:
    """Whether a card is not there yet, or there as it was written; one that was written by hand stays."""
    return not card.exists() or is_untouched(card.read_text(encoding="utf-8", errors="replace"))


@dataclass(frozen=True, eq=False)
class AdapterFiles:
    """What the two files of an adapter hold; place: where they lie, for messages; digest: SHA-256 of the weights."""

    place: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    digest: str

    @property
    def composed(self) -> bool:
        """Whether there are several adapters in them."""
        return self.config["format"] == COMPOSITION

    def require_pair(self) -> None:
        """Raise LluError unless the weights are those that the configuration was written with."""
        if self.config.get("weights_sha256", self.digest) != self.digest:  # early releases wrote no digest
            raise LluError(
                f"{self.place}: {CONFIG_FILE} and {WEIGHTS_FILE} were not written together, or one is damaged; "
                "save the adapter again"
            )


def located(name: str | Path, **options: Any) -> Path:
    """The folder or zip of that name, or a folder that a Hugging Face Hub repository of that name was fetched into.

    options: as `hf_hub_download` takes them (revision, token ...). Raises LluError where there is none.
    """
    if Path(name).exists():
        return Path(name)
    if not _HUB_NAME.fullmatch(str(name)):  # the Hub need not be asked
        raise LluError(f"{name} does not exist; give the folder that training wrote")
    try:
        # The two files are fetched here because the mixin would parse the configuration before it is checked.
        files = [hf_hub_download(str(name), file, **options) for file in (CONFIG_FILE, WEIGHTS_FILE)]
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise LluError(
            f"{name} is neither a folder nor a model that the Hugging Face Hub gives ({type(error).__name__}); "
            "give the folder that training wrote"
        ) from error
    return Path(files[0]).parent


def read_adapter(path: Path, max_bytes: int = MAX_BYTES) -> AdapterFiles:
    """Read both files of the adapter in a folder or a zip, where they may lie in one folder more.

    max_bytes: what a zip may unpack to. Raises LluError, saying what is wrong, for anything but JSON and tensors of a
    known version.
    """
    stored = _in_folder(path) if path.is_dir() else _in_zip(path, max_bytes)
    config = _config(stored)
    data = stored.read(WEIGHTS_FILE)
    return AdapterFiles(
        stored.place, config, _tensors(data, stored.path(WEIGHTS_FILE)), hashlib.sha256(data).hexdigest()
    )


@dataclass(frozen=True)
class _Stored:
    """The two files where they lie: their sizes, and what reads them; place: that, for messages."""

    place: str
    sizes: dict[str, int]
    read: Callable[[str], bytes]

    def path(self, name: str) -> str:
        return f"{self.place}/{name}"


def _in_folder(folder: Path) -> _Stored:
    inner = [each for each in sorted(folder.iterdir()) if each.is_dir() and not is_leftover(each.name)]
    if not holds_adapter(folder) and len(inner) == 1 and holds_adapter(inner[0]):
        folder = inner[0]
    sizes = {}
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise LluError(f"{folder} holds no {name}; give the folder that training wrote")
        sizes[name] = (folder / name).stat().st_size
    return _Stored(str(folder), sizes, lambda name: _bytes(folder / name))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LluError(f"{path} cannot be read ({error.strerror or error})") from None


def _in_zip(path: Path, max_bytes: int) -> _Stored:
    if not zipfile.is_zipfile(path):
        raise LluError(f"{path.name} is neither a folder nor a zip; {_GIVE}")
    files = list_zip(path, max_bytes=max_bytes)
    if len(files.sizes) > MAX_ADAPTER_FILES and PROJECT_FILE not in files.sizes:
        raise LluError(f"{path.name} holds more than {MAX_ADAPTER_FILES} files, which is the limit; {_GIVE}")
    ends = len(CONFIG_FILE)
    folders = [name[:-ends] for name in files.sizes if name == CONFIG_FILE or name.endswith(f"/{CONFIG_FILE}")]
    whole = [folder for folder in folders if folder + WEIGHTS_FILE in files.sizes]
    if len(whole) != 1:
        what = "holds several adapters" if whole else "is not a saved adapter"
        raise LluError(f"{path.name} {what}; {_GIVE}")
    sizes = {name: files.sizes[whole[0] + name] for name in (CONFIG_FILE, WEIGHTS_FILE)}
    return _Stored(path.name, sizes, lambda name: files.read(whole[0] + name, -1))


def _config(stored: _Stored) -> dict[str, Any]:
    path, size = stored.path(CONFIG_FILE), stored.sizes[CONFIG_FILE]
    if size > MAX_CONFIG_BYTES:
        raise LluError(f"{path} has {size / 2**20:.1f} MB, over the limit of {MAX_CONFIG_BYTES >> 20} MB; {_GIVE}")
    try:
        config = _shown_throughout(json.loads(stored.read(CONFIG_FILE).decode("utf-8")))
    except (ValueError, RecursionError, MemoryError) as error:
        raise LluError(f"{path} cannot be read as JSON ({type(error).__name__}); save the adapter again") from error
    known = {FORMAT: FORMAT_VERSION, COMPOSITION: COMPOSITION_VERSION}
    if not isinstance(config, dict) or config.get("format") not in tuple(known):
        raise LluError(f"{path} does not describe an adapter of this project; {_GIVE}")
    version, newest = config.get("format_version"), known[config["format"]]
    if not isinstance(version, int) or version < 1 or version > newest:
        raise LluError(f"{path} has format version {version!r}, this release reads up to {newest}; update LLU Explorer")
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


def _tensors(data: bytes, path: str) -> dict[str, Tensor]:
    try:
        return load(data)
    except Exception as error:  # beside its own error, the reader lets slip whatever bytes that lie bring about
        raise LluError(
            f"{path} is truncated or not a safetensors file ({one_line(error)}); save the adapter again"
        ) from error
