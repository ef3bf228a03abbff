# %% [markdown]
# # Photographs of your own
# A folder with one folder per class is all it takes. The classes here are where two photographs hang, so that no name
# tells what is on them: the model has to be shown. The embedded model `photo` reads them; nothing is downloaded.

# %%
import sys
import tempfile
from pathlib import Path

sys.path += [".", ".."]  # a clone needs no installation: the library lies here, or one folder up from a notebook

from PIL import Image
from sklearn.datasets import load_sample_image

from llu_core import OpenClipEncoder, Sweep, TrainedAdapter, fit, load_source, predict
from llu_core.method.recipes import RECIPES

# %% [markdown]
# ## The folder
# `train/CLASS/PICTURE` and, where you want to know how well it goes, `test/CLASS/PICTURE`. With `CLASS/PICTURE` alone
# all pictures are trained on. Here both are pieces of two photographs that scikit-learn brings: the left half is
# trained on, the right half asked about.

# %%
folder = Path(tempfile.mkdtemp())  # yours: folder = Path("my_pictures")
for place, name in {"my desk": "china.jpg", "our kitchen": "flower.jpg"}.items():
    photograph = Image.fromarray(load_sample_image(name))
    for part, left in (("train", 0), ("test", 320)):
        (folder / part / place).mkdir(parents=True)
        for number in range(8):
            corner = left + 12 * number, 25 * number  # in steps from the upper left to the lower right
            piece = photograph.crop((*corner, corner[0] + 220, corner[1] + 220))
            piece.save(folder / part / place / f"{number}.jpg")

# %% [markdown]
# ## Training, and the answers under every mask
# A `Sweep` answers at any beta and gamma without training again; beta 0 is the model as it was.

# %%
encoder = OpenClipEncoder.load("photo")
shots = load_source(str(folder), encoder)
adapter = fit(shots, RECIPES["fast"])
sweep = Sweep.of(adapter, shots.test.embeddings, shots.class_embeddings)
for beta in (0.0, 0.5, 1.0):
    right = 100 * (sweep.logits(beta=beta, gamma=5).argmax(dim=1) == shots.test.labels).float().mean().item()
    print(f"beta {beta}: {right:.0f} % of {len(shots.test)} pieces that it has not seen are right.")

# %% [markdown]
# ## Saved, opened again and asked
# On the command line: `python -m llu_core train my_pictures/ --out my-adapter`, then `predict my-adapter photo.jpg`.

# %%
TrainedAdapter.of(shots, adapter, RECIPES["fast"], model="photo").save_pretrained(folder / "my-adapter")
trained = TrainedAdapter.from_pretrained(folder / "my-adapter")
(answer,) = predict(trained, encoder, [Image.fromarray(load_sample_image("china.jpg"))], ["china.jpg"])
print(f"{answer.name}: {answer.llu_class}, {100 * max(answer.llu):.0f} % sure; CLIP alone says {answer.clip_class}.")
