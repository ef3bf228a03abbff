# %% [markdown]
# # A Space of your own
# A Hugging Face Space is a folder: the app, a README whose first lines say how to run it, and here also a set of yours
# on which the page opens. This puts one together from a clone of the project and tries it, without a network.

# %%
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gradio_client import Client
from PIL import Image

near = Path.cwd(), Path.cwd().parent, Path(sys.argv[0]).resolve().parents[1]  # a script's place, or a notebook's
clone = next(folder for folder in near if (folder / "demo").is_dir())
space = Path(tempfile.mkdtemp()) / "my-space"  # yours: a folder that stays
for part in ("llu_core", "demo", "assets"):
    shutil.copytree(clone / part, space / part, ignore=shutil.ignore_patterns("__pycache__"))
shutil.copy(clone / "requirements.txt", space)

# %% [markdown]
# ## What is yours: a set, a model, a title
# The set is a folder or zip as in own_photographs.py; here, noisy squares of three colours. The line about it may use
# {clip:taught} and {taught}, the accuracies without and with the update.

# %%
for name, colour in {"ada": (200, 60, 60), "ben": (60, 160, 60), "cleo": (60, 60, 200)}.items():
    for number, part in enumerate(["train"] * 4 + ["test"] * 4):
        (folder := space / "my-set" / part / name).mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(-40, 40, (64, 64, 3))
        Image.fromarray((colour + noise).astype(np.uint8)).save(folder / f"{number}.png")

mine = """import os; from demo.session.presets import PRESETS, Preset
os.environ.setdefault("LLU_BACKBONE", "picto")  # any name of backbones.py, or a variable in the Space's settings
PRESETS.clear()
PRESETS["Whose colour"] = Preset("my-set", "Taught {clip:taught} → {taught} %.")
"""
(space / "app.py").write_text(mine + (clone / "app.py").read_text(encoding="utf-8"), encoding="utf-8")
header = f"title: Whose colour\nsdk: gradio\nsdk_version: {version('gradio')}\npython_version: '3.11'\napp_file: app.py"
(space / "README.md").write_text(f"---\n{header}\nlicense: mit\n---\n", encoding="utf-8")

# %% [markdown]
# ## Does it start?
# Where it does, `hf upload OWNER/NAME my-space . --repo-type space` brings it to the Hub.

# %%
environment = os.environ | {"SPACE_ID": "me/my-space", "GRADIO_SERVER_NAME": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
with subprocess.Popen([sys.executable, "app.py"], cwd=space, env=environment, stdout=subprocess.PIPE, text=True) as app:
    try:
        address = next(line.split()[-1] for line in app.stdout or () if "http://" in line)
        opened = Client(address, verbose=False).predict(api_name="/summary")
        clip, llu = (opened["trained"][model]["seen"] for model in ("clip", "llu"))
        print(f"The Space opens on {opened['set']!r}, read by {opened['model']}: {clip:.0f} → {llu:.0f} % right.")
    finally:
        app.terminate()
