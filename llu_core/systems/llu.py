"""Localized Latent Updates, its ablations, and LLU with beta, gamma and lambda chosen on the shots.

Deviations: only the recipe "paper" trains as the paper does; the report names the recipe of its rows. The paper does
not say whether a smaller last batch is dropped; here it is kept. Tuning is not the paper's.
"""

from llu_core.method import fitting
from llu_core.method.recipes import RECIPES, Recipe
from llu_core.method.tuning import tune
from llu_core.systems.contract import AnyClasses, Device, Fitted, Material


def fit(material: Material, seed: int, device: Device, recipe: Recipe = RECIPES["fast"]) -> Fitted:
    """LLU trained by `recipe`, which may be ablated; views are not used, since anchors are the images themselves."""
    return AnyClasses(fitting.fit(material.shots, recipe, seed=seed, device=device))


def fit_tuned(material: Material, seed: int, device: Device, recipe: Recipe = RECIPES["fast"]) -> Fitted:
    """LLU trained by `recipe` and asked as `tune` chooses from the same shots; the training keeps its own mask."""
    return fit(material, seed, device, tune(material.shots, recipe, seed=seed, device=device).recipe)
