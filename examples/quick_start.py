# %% [markdown]
# # Quick start
# A small CLIP that comes with the installation learns six words that it was never taught, from 16 pictures each.
# Nothing is downloaded.

# %%
import sys

sys.path += [".", ".."]  # a clone needs no installation: the library lies here, or one folder up from a notebook

from llu_core import OpenClipEncoder, TrainedAdapter, ZeroShotClassifier, accuracy, accuracy_elsewhere, fit, predict
from llu_core.data.built_in import open_set
from llu_core.data.embedding import embed
from llu_core.method.recipes import RECIPES

# %% [markdown]
# ## Train
# The encoder turns pictures and class names into embeddings, once. All that is trained afterwards is one affine map per
# modality, which takes a moment.

# %%
encoder = OpenClipEncoder.load("picto")
source = open_set("new-words")  # a folder of yours: own_photographs.py
shots = embed(source, encoder)
adapter = fit(shots, RECIPES["fast"]).with_mask(beta=1, gamma=5)  # both can be moved after the training

taught = shots.select_classes(shots.seen_classes)
print(f"{len(taught.train)} pictures teach the words {', '.join(taught.class_names)}.")

# %% [markdown]
# ## What it gained, and what it cost
# `shots.controls` are pictures of other things, which nothing is trained on: what the model knew before should stay.

# %%
frozen = ZeroShotClassifier(shots.logit_scale)
for name, classifier in {"CLIP": frozen, "LLU": adapter}.items():
    right = accuracy(classifier, taught.test.embeddings, taught.test.labels, taught.class_embeddings)
    print(f"{name}: {right:.1f} % of new pictures of these words are right,", end=" ")
    print(f"and {accuracy_elsewhere(classifier, shots.controls):.1f} % of other things.")

# %% [markdown]
# ## Predict
# `TrainedAdapter` joins the adapter with its classes; `save_pretrained` and `from_pretrained` are its way to a folder
# or the Hugging Face Hub and back. alpha says how much of the update reaches a picture.

# %%
trained = TrainedAdapter.of(shots, adapter, RECIPES["fast"], model="picto")
picture = source.test[0]
(answer,) = predict(trained, encoder, [picture.read()], [picture.name], taught.class_names)
print(f"{answer.name}: CLIP says {answer.clip_class}, LLU says {answer.llu_class} (alpha {answer.alpha:.2f}).")
