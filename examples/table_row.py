# %% [markdown]
# # A row of the paper's Table 1
# Train on a few shots of the first half of the classes and test both halves: those classes (base) and the others, which
# nobody trained (new). H is the harmonic mean of the two; the paper draws 16 shots, three times, and gives the means.

# %%
import sys

sys.path += [".", ".."]  # a clone needs no installation: the library lies here, or one folder up from a notebook

from llu_core import SYSTEMS, OpenClipEncoder, base_to_new, load_source
from llu_core.evaluation.means import MeanRow
from llu_core.evaluation.reporting.published import PER_SET

# %% [markdown]
# ## The data
# A built-in set takes the place of the paper's here. With CoOp's data folder of Caltech101 in ~/data, and a network for
# the weights of the paper's model, this makes the row of that set:
#
#     from llu_core import open_dataset
#     from llu_core.data.embedding import extract
#     source = extract(open_dataset("~/data", "caltech101"), OpenClipEncoder.load("vit-b-16"), views=10)

# %%
source = load_source("picto:sketched-counts", OpenClipEncoder.load("picto"))

# %% [markdown]
# ## Three systems, 8 shots, three seeds
# Names of SYSTEMS, or `llu@paper` for LLU by the paper's own recipe. Rows come as they are computed, those of each seed
# first, then the means.

# %%
systems = ["clip", "clip-adapter", "llu"]
rows = list(base_to_new(source, systems, shots=8, seeds=(1, 2, 3)))
means = [row for row in rows if isinstance(row, MeanRow)]
print(f"{source.name}, mean of {means[0].runs} seeds:")
for row in means:
    print(f"{SYSTEMS[row.method].title}: base {row.base:.1f} %, new {row.new:.1f} %, H {row.h:.1f}.")

# %% [markdown]
# ## The paper's own row
# All its tables are here, to stand beside what you measure. On the command line, with a report that shows both:
# `python -m llu_core evaluate base-to-new --root ~/data --datasets all --model vit-b-16 --views 10 --out report`.

# %%
print("caltech101, as published:")
for row in PER_SET["caltech101"]:
    if row.system in systems:
        print(f"{SYSTEMS[row.system].title}: base {row.base:.1f} %, new {row.new:.1f} %, H {row.h:.1f}.")
