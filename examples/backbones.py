# %% [markdown]
# # Another model by its name
# Everything after the encoder is the same for every CLIP-like model: only the name changes, here and after `--model`.

# %%
import sys
from dataclasses import replace

sys.path += [".", ".."]  # a clone needs no installation: the library lies here, or one folder up from a notebook

from llu_core import OpenClipEncoder, ZeroShotClassifier, accuracy, fit
from llu_core.data.built_in import open_set
from llu_core.data.embedding import embed
from llu_core.encoders.model_table import BACKBONES

# %% [markdown]
# ## Three that need no network
# `picto` knows its drawn world, `photo` photographs. `random:ARCHITECTURE` is any architecture of open_clip with random
# weights: it is there for timing and tests, and its answers mean nothing. A part of a set is enough here.

# %%
source = open_set("sketched-shapes").sample(4, seed=1)
source = replace(source, test=source.test[::6], controls=())
for name in ("picto", "photo", "random:ViT-S-32-alt"):
    encoder = OpenClipEncoder.load(name)
    shots = embed(source, encoder)
    taught = shots.select_classes(shots.seen_classes)
    asked = taught.test.embeddings, taught.test.labels, taught.class_embeddings
    before, after = (accuracy(each, *asked) for each in (ZeroShotClassifier(taught.logit_scale), fit(taught)))
    print(f"{name}: {encoder.title}, {encoder.width} wide; CLIP {before:.1f} %, LLU {after:.1f} % right.")

# %% [markdown]
# ## Real CLIPs
# Fetched once from the Hugging Face Hub, when first loaded, and checked; nothing is fetched here.
#
#     OpenClipEncoder.load("vit-b-16")                        a name of the table below; this one is the paper's
#     OpenClipEncoder.load("hf-hub:ORG/NAME")                 any open_clip repository of the Hub
#     OpenClipEncoder.load("ViT-B-32/laion2b_s34b_b79k")      any MODEL/PRETRAINED of open_clip
#     OpenClipEncoder.load("local-dir:my-clip")               a folder as open_clip saves it
#     OpenClipEncoder.load("vit-b-16@weights.safetensors")    an architecture with weights from a file

# %%
for backbone in BACKBONES.values():
    print(f"{backbone.name}: {backbone.title}, {backbone.megabytes:,} MB, {backbone.speed} on a CPU.")
