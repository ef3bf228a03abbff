# %% [markdown]
# # Embeddings of your own
# Whatever model made them: the method needs picture and text embeddings as arrays, labels and names. They are drawn at
# random here, as a model would make them whose pictures of a class lie beside the text that names it.

# %%
import sys
import tempfile
from pathlib import Path

sys.path += [".", ".."]  # a clone needs no installation: the library lies here, or one folder up from a notebook

import numpy as np

from llu_core import FewShotSet, ZeroShotClassifier, accuracy, fit, load_bundle, save_bundle

# %%
names = ["heron", "ibis", "stork", "crane", "egret"]
generator = np.random.default_rng(0)
texts = generator.normal(size=(5, 64))
centres = texts + 1.2 * generator.normal(size=(5, 64)) + 1.2 * texts[[1, 2, 3, 4, 0]]  # each leans to the next one


def pictures(of_each: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (n, d) of any length, and labels (n,) that count the names from 0."""
    labels = np.repeat(np.arange(5), of_each)
    return centres[labels] + 0.6 * generator.normal(size=(len(labels), 64)), labels


# %% [markdown]
# ## Arrays become a set
# numpy's, torch's on any device, or lists; rows become unit rows. logit_scale is the model's 1 / temperature.

# %%
X, y = pictures(16)
shots = FewShotSet.of(X, y, texts, names, test=pictures(40), logit_scale=50)
adapter = fit(shots)
for name, classifier in {"the model alone": ZeroShotClassifier(shots.logit_scale), "with the update": adapter}.items():
    right = accuracy(classifier, shots.test.embeddings, shots.test.labels, shots.class_embeddings)
    print(f"{name}: {right:.1f} % of {len(shots.test)} pictures are right.")

# %% [markdown]
# ## A feature bundle
# One .npz file that every command and the page read: `python -m llu_core train birds.npz --out my-adapter`.
# `numpy.savez("birds.npz", train_features=..., ...)` writes one too; README has the keys.

# %%
bundle = save_bundle(Path(tempfile.mkdtemp()) / "birds.npz", shots)
again = load_bundle(bundle)
same = np.allclose(again.train.embeddings, shots.train.embeddings) and again.class_names == shots.class_names
print(f"{bundle.name} holds {', '.join(sorted(np.load(bundle).files))}.")
print(f"Read again, it is {'the same set' if same else 'another set'} of {len(again.class_names)} classes.")
