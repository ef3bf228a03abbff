"""What systems and programs leave among people's files; the one list of it, for every reader and the page's script."""

NAMES = (
    "__macosx", "thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
    "$recycle.bin", "recycler", "system volume information", "lost+found", "@eadir", "#recycle", "#snapshot",
    "network trash folder", "temporary items", "picasa.ini", "__pycache__",
)  # fmt: skip
"""In small letters. Names that begin with a dot are left out besides: .DS_Store, ._a.png, .ipynb_checkpoints."""


def is_leftover(name: str) -> bool:
    """Whether a file or folder of this name is nothing that a person put there."""
    return name.startswith(".") or name.lower() in NAMES
