"""LLU Explorer: `python app.py`. LLU_MODEL names another CLIP model than the embedded one, for example vit-b-16."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

from demo.encoders import load_encoder
from demo.views import LAUNCH
from demo.wiring import build_app
from llu_core.errors import LluError

EMBEDDED = "picto"


def _load() -> tuple:
    name = os.environ.get("LLU_MODEL", EMBEDDED)
    try:
        return load_encoder(name), name
    except LluError as error:
        if name == EMBEDDED:
            raise
        print(f"{error}\nGoing on with the embedded model.")
        return load_encoder(EMBEDDED), EMBEDDED


demo = build_app(*_load())

if __name__ == "__main__":
    demo.launch(**LAUNCH)
