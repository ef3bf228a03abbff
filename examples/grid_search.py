# %% [markdown]
# # Beta and gamma by scikit-learn
# `LLUClassifier` is an estimator on embeddings, so that grids, cross-validation and pipelines take it. Both settings of
# the mask are set after the training: a grid over them trains once for each fold, however large it is.

# %%
import sys

sys.path += [".", ".."]  # a clone needs no installation: the library lies here, or one folder up from a notebook

from sklearn.model_selection import GridSearchCV

from llu_core import LLUClassifier, OpenClipEncoder, load_source

# %%
shots = load_source("picto:sketched-counts", OpenClipEncoder.load("picto"))
taught = shots.select_classes(shots.seen_classes)  # what has no picture to train on is left for the last cell
names = taught.class_names
X, y = taught.train.embeddings.numpy(), [names[label] for label in taught.train.labels]
X_test, y_test = taught.test.embeddings.numpy(), [names[label] for label in taught.test.labels]

# %% [markdown]
# ## The grid
# texts: the embedding of every class's text. Without them the mean picture of a class stands for its text.

# %%
texts = dict(zip(names, taught.class_embeddings, strict=True))
classifier = LLUClassifier(texts, logit_scale=shots.logit_scale)
grid = {"beta": [0, 0.2, 0.5, 1], "gamma": [0, 1, 5, 20]}
search = GridSearchCV(classifier, grid, cv=4).fit(X, y)

found = search.best_params_
print(f"Of {len(search.cv_results_['params'])} settings, beta {found['beta']} and gamma {found['gamma']} are best:")
print(f"{100 * search.best_score_:.1f} % of the held-out shots are right,", end=" ")
print(f"and {100 * search.best_estimator_.score(X_test, y_test):.1f} % of {len(X_test)} test pictures.")

# %% [markdown]
# ## Classes that come later
# A class needs no picture to be chosen: its text is enough.

# %%
every = dict(zip(shots.class_names, shots.class_embeddings, strict=True))
y_all = [shots.class_names[label] for label in shots.test.labels]
among_all = 100 * search.best_estimator_.score(shots.test.embeddings, y_all, texts=every)
print(f"Among {', '.join(every)}, {among_all:.1f} % of {len(y_all)} test pictures are right.")
