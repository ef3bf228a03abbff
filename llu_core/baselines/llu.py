"""Localized Latent Updates and its ablations, as a compared system like the others."""

from llu_core import fitting
from llu_core.baselines.material import AnyClasses, Device, Fitted, Material
from llu_core.recipes import RECIPES, Recipe


def fit(material: Material, seed: int, device: Device, recipe: Recipe = RECIPES["fast"]) -> Fitted:
    """Trained by `recipe`, which may be ablated; views are not used, since anchors are the images themselves."""
    return AnyClasses(fitting.fit(material.shots, recipe, seed=seed, device=device))
