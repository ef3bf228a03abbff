"""Localized Latent Updates (arXiv 2212.06556): a few pictures teach a CLIP-like model without spoiling what it knows.

shots = load_source("my_pictures/", OpenClipEncoder.load("vit-b-16"))
adapter = fit(shots)
logits = adapter.logits(image_embeddings, class_embeddings)
"""

__version__ = "0.1.0"

from llu_core.adapter import (
    AffineUpdate,
    LocalizedAdapter,
    LocalizedUpdate,
    interpolate,
    interpolation_mask,
    nearest_anchor,
)
from llu_core.anchors import cluster_anchors
from llu_core.bundles import load_bundle, save_bundle
from llu_core.checkpoint import TrainedAdapter
from llu_core.classifier import Classifier, ZeroShotClassifier, accuracy
from llu_core.datasets import DATASETS, open_dataset
from llu_core.embedding_cache import CachedEncoder
from llu_core.encoder import Encoder, OpenClipEncoder
from llu_core.errors import LluError
from llu_core.evaluation import base_to_new
from llu_core.features import Features
from llu_core.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.fitting import fit, fit_many
from llu_core.prediction import Prediction, predict
from llu_core.prompts import class_embeddings
from llu_core.recipes import ABLATIONS, RECIPES, Recipe
from llu_core.sources import load_source, open_source
from llu_core.sweep import Sweep
from llu_core.systems import SYSTEMS, CannotAnswer, Fitted, Material, System, systems_named
from llu_core.training import TrainingStep, train
from llu_core.tuning import Tuning, tune

__all__ = [
    "LluError",
    "Encoder",
    "OpenClipEncoder",
    "CachedEncoder",
    "class_embeddings",
    "FewShotSet",
    "LabelledEmbeddings",
    "load_source",
    "open_source",
    "DATASETS",
    "open_dataset",
    "load_bundle",
    "save_bundle",
    "cluster_anchors",
    "interpolation_mask",
    "nearest_anchor",
    "interpolate",
    "AffineUpdate",
    "LocalizedUpdate",
    "LocalizedAdapter",
    "Recipe",
    "RECIPES",
    "ABLATIONS",
    "TrainingStep",
    "train",
    "fit",
    "fit_many",
    "Tuning",
    "tune",
    "Classifier",
    "ZeroShotClassifier",
    "accuracy",
    "Sweep",
    "TrainedAdapter",
    "Prediction",
    "predict",
    "Features",
    "SYSTEMS",
    "System",
    "Material",
    "Fitted",
    "CannotAnswer",
    "systems_named",
    "base_to_new",
]
