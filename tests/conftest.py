"""Fixtures that several test files share."""

import json
from pathlib import Path

import pytest
import torch

from support.toy_encoder import ToyEncoder

pytest_plugins = [
    "support.browser_fixtures",
    "support.app_fixtures",
    "support.demo_sessions",
    "support.wheel_fixtures",
    "support.written_sources",
]

TINY_CONFIG = {
    "model_cfg": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 16},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
}


@pytest.fixture
def toy_encoder() -> ToyEncoder:
    return ToyEncoder()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The `local-dir:` name of a small open_clip model with random weights."""
    from open_clip import get_model_config
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    folder: Path = tmp_path_factory.mktemp("tiny_clip")
    (folder / "open_clip_config.json").write_text(json.dumps(TINY_CONFIG))
    name = f"local-dir:{folder}"
    config = get_model_config(name)
    assert config is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = CLIP(**config)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return name
