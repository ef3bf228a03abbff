"""Files of the Hugging Face Hub: in its cache, or fetched into it with progress; whatever goes wrong is a sentence.

huggingface_hub keeps the cache. The bytes themselves are fetched here, since its own download knows no way to be called
off, waits for long when nothing comes, and believes what it gets.
"""

import re
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

from llu_core.encoders.transfer import AGAIN, ROOM, WEB_PAGE, FilesUnavailable, Transfer, download
from llu_core.errors import LluError, one_line

BEAT_SECONDS = 0.25
"""How far a download is, is told so often; it is called off within that time."""
ANSWER_SECONDS = 5.0
"""A hub that says nothing for so long cannot be reached."""
MAX_BYTES = 64 * 10**9
CONNECTION = "check the connection and try again"
_REPOSITORY = "check the name; what is private or asks for consent wants `hf auth login` first"
_ETAG = re.compile(r"[\w.-]{1,200}")


@dataclass(frozen=True)
class LoadingStep:
    """How far a model on its way is. phase: "Downloading", in bytes, or "Loading"; total: None where it is unknown."""

    phase: str
    done: int = 0
    total: int | None = None


class NotThere(FilesUnavailable):
    """The hub answered that the repository has no such file."""


def cached(repository: str, names: Sequence[str]) -> Path | None:
    """The first of `names` in the hub's cache, or None; without any request."""
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(repository, name) for name in names)
    return next((Path(each) for each in found if isinstance(each, str)), None)


def fetch_steps(repository: str, names: Sequence[str], *, most: int = MAX_BYTES) -> Generator[LoadingStep, None, Path]:
    """The first of `names` that the repository has: from the cache without any request, else downloaded.

    Closing the generator ends the download. most: bytes at most. Raises FilesUnavailable, with the reason only.
    """
    from huggingface_hub import constants

    if found := _checked_name(repository, names):
        return found
    if constants.HF_HUB_OFFLINE:
        raise FilesUnavailable(
            f"tried the cache {constants.HF_HUB_CACHE} only, since HF_HUB_OFFLINE is set", "unset it and try again"
        )
    transfer = Transfer()
    outcome = _in_background(lambda: _fetch(repository, names, most, transfer))
    try:
        while not outcome.done():
            yield LoadingStep("Downloading", transfer.done, transfer.total)
            wait([outcome], BEAT_SECONDS)
        return outcome.result()
    finally:
        transfer.cancel()
        wait([outcome], 4 * BEAT_SECONDS)  # what it has written so far is deleted then


def _checked_name(repository: str, names: Sequence[str]) -> Path | None:
    from huggingface_hub.errors import HFValidationError

    try:
        return cached(repository, names)
    except HFValidationError as error:
        raise FilesUnavailable(f"{repository} is no name of a repository", "check the name") from error


def _in_background(work: Callable[[], Path]) -> Future[Path]:
    """What `work` comes to, in a thread that nobody waits for when the program ends."""
    outcome: Future[Path] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="download", daemon=True).start()
    return outcome


def _fetch(repository: str, names: Sequence[str], most: int, transfer: Transfer) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.errors import EntryNotFoundError

    where = f"tried the cache {constants.HF_HUB_CACHE} and {constants.ENDPOINT}/{repository}"
    try:
        for name in names:
            transfer.check()
            try:
                return _fetch_file(repository, name, most, transfer)
            except EntryNotFoundError:
                continue
    except LluError:
        raise
    except Exception as error:  # any network or hub trouble: their kinds differ from version to version
        if isinstance(error, OSError) and error.errno is not None:  # the hub's refusals are OSErrors too
            raise _of_the_disk(constants.HF_HUB_CACHE, error) from error
        reason, remedy = _told(error)
        raise FilesUnavailable(f"{where} ({reason})", remedy) from error
    raise NotThere(f"{where}, which has no {' or '.join(names)}", "check the name")


def _fetch_file(repository: str, name: str, most: int, transfer: Transfer) -> Path:
    """The file in the cache: its content is put where huggingface_hub looks for it, which then gives it its name.

    If that should ever look elsewhere, it fetches the file itself.
    """
    from huggingface_hub import constants, get_session, hf_hub_download, hf_hub_url
    from huggingface_hub.file_download import get_hf_file_metadata, repo_folder_name
    from huggingface_hub.utils import build_hf_headers

    address = hf_hub_url(repository, name, endpoint=constants.ENDPOINT)
    # One request without retries: the hub's own take most of a minute to notice a missing network.
    about = get_hf_file_metadata(address, timeout=ANSWER_SECONDS)
    if not about.commit_hash or not about.etag or not _ETAG.fullmatch(about.etag):
        raise FilesUnavailable(f"what answers at {constants.ENDPOINT} is no model hub", WEB_PAGE)
    blobs = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model") / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    transfer.total = about.size
    if not (blobs / about.etag).is_file():
        headers = build_hf_headers() | {"Accept-Encoding": "identity"}
        request = {"url": address, "headers": headers, "timeout": constants.HF_HUB_DOWNLOAD_TIMEOUT}
        download(get_session(), request, blobs / about.etag, transfer, digest=about.etag, most=most)
    return Path(hf_hub_download(repository, name, endpoint=constants.ENDPOINT))


def _of_the_disk(cache: str, error: OSError) -> FilesUnavailable:
    return FilesUnavailable(f"its files cannot be written to {cache} ({error.strerror or one_line(error)})", ROOM)


def _told(error: Exception) -> tuple[str, str]:
    """What an answer of the hub, or none, means, and what to do."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    match status:
        case None:
            return one_line(error, 100), CONNECTION
        case 401 | 403 | 404:
            return f"it answers {status}: there is no such repository, or it is not for everyone", _REPOSITORY
        case 429:
            return "it answers 429: too many requests", "try again in a few minutes"
        case _ if status >= 500:
            return f"it answers {status}: something is broken there", AGAIN
    return f"it answers {status}: {one_line(error, 80)}", AGAIN
