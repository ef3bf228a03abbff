"""Every setting and limit of the app in one place: the defaults, the environment over them, the command line over it.

This is read before torch and gradio are imported, so that `--help` and a mistyped option answer at once.
"""

import argparse
import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

EMBEDDED = ("picto", "photo")
"""Of the models in the project, the one for the drawn examples and the one for visitors' own sets."""
ON_SPACES = "mobileclip2-s0"
"""Reads visitors' own sets on Spaces, which fetch its weights before the app starts (README's first lines)."""
OWN_ADDRESSES = ("127.0.0.1", "localhost", "::1")
MB = 2**20


@dataclass(frozen=True)
class Limits:
    """What the app takes. Everything is checked before the work it would cause is done.

    Of one upload: upload_mb, files (those inside a zip counted), picture_megapixels for each picture and
    upload_megapixels for all together, unpacked_mb for a feature bundle or an adapter, width for the embeddings of a
    bundle (training takes memory with its square; CLIP's largest models have 1,536).
    Of one visitor: pictures, classes, prompts (templates times classes), sets on the shelf, visitor_mb in memory,
    calls_per_minute (0: any number) and uploads_mb in ten minutes, both by address; shots in one recording of a webcam,
    and live_frames that a live prediction answers in a second.
    Of all together: visitors, store_mb and idle_minutes of what is kept, address_percent of visitors and store_mb for
    one address, waiting trainings behind the running one, turn_minutes for each training, comparison or choice.
    """

    upload_mb: int = 200
    files: int = 10_000
    picture_megapixels: int = 32
    upload_megapixels: int = 2_000
    unpacked_mb: int = 256
    width: int = 2_048
    pictures: int = 2_000
    classes: int = 200
    prompts: int = 8_000
    sets: int = 3
    visitor_mb: int = 400
    calls_per_minute: int = 0
    uploads_mb: int = 1_000
    shots: int = 200
    live_frames: int = 4
    visitors: int = 64
    store_mb: int = 1_024
    idle_minutes: int = 60
    address_percent: int = 50
    waiting: int = 32
    turn_minutes: int = 20

    @classmethod
    def parse(cls, text: str) -> "Limits":
        """ "pictures=500, classes=50" -> those limits, the others as they are; raises ValueError for anything else."""
        names = [field.name for field in fields(cls)]
        changes: dict[str, int] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, number = (piece.strip() for piece in part.partition("="))
            least = 0 if name == "calls_per_minute" else 1
            if name not in names or not number.isdecimal() or int(number) < least:
                raise ValueError(
                    f"the limit {part!r} is not understood; write NAME=NUMBER, comma between two, "
                    f"NAME one of {', '.join(names)}"
                )
            changes[name] = int(number)
        return cls(**changes)

    @property
    def picture_pixels(self) -> int:
        """picture_megapixels as `decode` takes it."""
        return self.picture_megapixels * 1_000_000

    def as_text(self) -> str:
        """One sentence for the page."""
        return (
            f"At most {self.pictures:,} pictures of {self.picture_megapixels} megapixels, {self.classes} classes, "
            f"and {self.upload_mb} MB, {self.files:,} files and {self.upload_megapixels:,} megapixels at a time."
        )


@dataclass(frozen=True)
class Settings:
    """How this app runs.

    model: the backbone of the examples, own_model: that of visitors' own sets, by name; cache: folder for the
    embeddings of the built-in examples where they do not come with the app, None for memory only;
    port: None for the first free one from 7860 on; public: whether others than this machine's and this network's
    users find the page, through Gradio's servers or on Spaces; login: (name, password), None for an open page;
    choose_models: whether visitors may load other models, from the hub and from files of this machine; mcp: whether
    the endpoints are tools of the Model Context Protocol too, on this machine only: all its clients share one set.
    """

    model: str = EMBEDDED[0]
    own_model: str = EMBEDDED[1]
    limits: Limits = Limits()
    cache: Path | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    share: bool = False
    login: tuple[str, str] | None = None
    choose_models: bool = True
    public: bool = False
    mcp: bool = False

    @classmethod
    def read(cls, arguments: Sequence[str], environment: Mapping[str, str]) -> "Settings":
        """Raises ValueError for what is not understood; unknown arguments end the program with status 2."""
        told = _parser().parse_args(arguments)
        share = told.share or environment.get("GRADIO_SHARE", "").lower() == "true"
        chosen = told.model or environment.get("LLU_BACKBONE")
        cache = told.cache or environment.get("LLU_CACHE")
        on_spaces = "SPACE_ID" in environment
        public = share or on_spaces
        host = told.host or environment.get("GRADIO_SERVER_NAME") or cls.host
        login = _login(environment.get("LLU_LOGIN"))
        if told.mcp:
            _require_mcp(private=not public and login is None and host in OWN_ADDRESSES)
        return cls(
            model=chosen or cls.model,
            own_model=chosen or (ON_SPACES if on_spaces else cls.own_model),
            limits=Limits.parse(environment.get("LLU_LIMITS", "") if told.limits is None else told.limits),
            cache=Path(os.path.expanduser(cache)) if cache else None,
            host=host,
            port=_port(told.port or environment.get("GRADIO_SERVER_PORT")),
            share=share,
            login=login,
            choose_models=_yes_or_no("LLU_CHOOSE_MODELS", environment.get("LLU_CHOOSE_MODELS"), not public),
            public=public,
            mcp=told.mcp,
        )


def read_settings(arguments: Sequence[str]) -> Settings:
    """The settings of this process; whatever is wrong with them is one line, and status 2."""
    try:
        return Settings.read(arguments, os.environ)
    except ValueError as error:
        _parser().error(str(error))


def _require_mcp(*, private: bool) -> None:
    if not private:
        raise ValueError(
            "--mcp gives all its clients one set, so it is for one machine; leave out --share, --host and the login"
        )
    if importlib.util.find_spec("mcp") is None:
        raise ValueError("--mcp needs a package that is not installed; run: pip install 'gradio[mcp]'")


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"the port {text!r} is none; give a number from 1 to 65535")
    return int(text)


def _login(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    name, _, password = text.partition(":")
    if not name or not password:
        raise ValueError("LLU_LOGIN is not understood; write NAME:PASSWORD")
    return name, password


def _yes_or_no(name: str, text: str | None, default: bool) -> bool:
    if not text:
        return default
    if text not in ("0", "1"):
        raise ValueError(f"{name} is {text!r}; write 1 for yes, 0 for no")
    return text == "1"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python app.py",
        description="The LLU Explorer. An option goes before the environment variable that is named with it.",
        epilog="Only in the environment: LLU_LOGIN=NAME:PASSWORD asks visitors for it; LLU_CHOOSE_MODELS=0 or 1 keeps "
        "visitors from loading other models, or lets them (without it: they may, unless the page is public).",
    )
    add: Any = parser.add_argument
    add("--host", metavar="NAME", help="address to listen on, 0.0.0.0 for all (GRADIO_SERVER_NAME; this machine only)")
    add("--port", metavar="N", help="port to listen on (GRADIO_SERVER_PORT; the first free one from 7860 on)")
    add(
        "--model",
        metavar="NAME",
        help="CLIP model for everything, as in docs/models.md (LLU_BACKBONE; the embedded ones)",
    )
    add(
        "--share", action="store_true", help="a public address through Gradio's servers, for a week (GRADIO_SHARE=True)"
    )
    add(
        "--mcp",
        action="store_true",
        help="serve the endpoints as tools too (Model Context Protocol), on this machine only",
    )
    add(
        "--cache",
        metavar="FOLDER",
        help="keep what --model makes of the examples for the next start (LLU_CACHE; not kept)",
    )
    defaults = ", ".join(f"{field.name}={field.default}" for field in fields(Limits))
    add("--limits", metavar="A=1,B=2", help=f"other limits than {defaults} (LLU_LIMITS)")
    return parser
