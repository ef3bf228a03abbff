"""What all visitors of a running app share."""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from demo.hosting.encoders import SharedEncoders
from demo.hosting.examples import Examples
from demo.hosting.folders import forget_old_files, own_folder
from demo.hosting.frames import Frames
from demo.hosting.line import Line
from demo.hosting.maps.maps import Maps
from demo.hosting.store import Bounds, SessionStore
from demo.session.readers import Reader
from demo.settings import MB, Limits, Settings
from llu_core.encoders.encoder import Encoder


def _temporary_folder() -> tempfile.TemporaryDirectory:
    return own_folder("llu-downloads-")


@dataclass(frozen=True, eq=False)
class Host:
    """One of each for all visitors; downloads: the folder of files on their way to browsers."""

    store: SessionStore
    encoders: SharedEncoders
    examples: Examples
    line: Line
    maps: Maps = field(default_factory=Maps)
    frames: Frames = field(default_factory=lambda: Frames(Limits().live_frames))
    downloads: tempfile.TemporaryDirectory = field(default_factory=_temporary_folder)

    @classmethod
    def of(cls, encoder: Encoder, settings: Settings, *, own: Reader | None = None) -> "Host":
        """The host of an app around an encoder; `examples.prepare()` trains the examples before anybody asks.

        own: reads the sets of visitors, where it is another than reads the examples.
        """
        limits = settings.limits
        maps = Maps()
        examples = Examples(encoder, settings.model, own=own, limits=limits, cache=settings.cache, maps=maps)
        bounds = Bounds(
            sessions=limits.visitors,
            bytes=limits.store_mb * MB,
            seconds=60.0 * limits.idle_minutes,
            address_percent=limits.address_percent,
        )
        store = SessionStore(lambda: examples.first, bounds)
        known = {settings.model: encoder} | ({own.name: own.encoder} if own else {})
        encoders = SharedEncoders(known, open=settings.choose_models)
        line = Line(limits.waiting, seconds=60.0 * limits.turn_minutes)
        return cls(store, encoders, examples, line, maps, Frames(limits.live_frames))

    def folder(self, visitor: str) -> Path:
        """The visitor's own folder for files on their way to the browser."""
        folder = Path(self.downloads.name) / hashlib.sha256(visitor.encode()).hexdigest()[:16]
        folder.mkdir(exist_ok=True)
        return folder

    def forget(self, visitor: str) -> None:
        """The page was closed: its work is called off, and nothing of the visitor stays."""
        self.encoders.loads.cancel(visitor)
        self.line.cancel(visitor)
        self.store.drop(visitor)
        shutil.rmtree(self.folder(visitor), ignore_errors=True)

    def forget_old(self) -> None:
        """Drop what nobody has asked for lately."""
        self.store.forget_old()
        self.encoders.forget_old()
        self.maps.forget_old()
        forget_old_files(Path(self.downloads.name))

    def close(self) -> None:
        """Delete the files that were on their way to browsers; all that works behind the visitors has ended then."""
        self.line.call_off()
        self.maps.close()
        self.encoders.close()
        self.examples.close()
        self.downloads.cleanup()
