"""What `import llu_core` offers; each name is imported when it is first asked for."""

__version__: str

from .adapter import (
    AffineUpdate,
    LocalizedAdapter,
    LocalizedUpdate,
    interpolate,
    interpolation_mask,
    nearest_anchor,
)
from .anchors import cluster_anchors
from .checkpoint import TrainedAdapter
from .classifier import Classifier, ZeroShotClassifier, accuracy
from .data.bundles import load_bundle, save_bundle
from .data.coop.datasets import DATASETS, open_dataset
from .data.features import Features
from .data.fewshot import FewShotSet, LabelledEmbeddings
from .data.sources import load_source, open_source
from .encoders.cache import CachedEncoder
from .encoders.encoder import Encoder, OpenClipEncoder
from .encoders.prompts import class_embeddings
from .errors import LluError
from .evaluation import base_to_new
from .fitting import fit, fit_many
from .prediction import Prediction, predict
from .recipes import ABLATIONS, RECIPES, Recipe
from .sweep import Sweep
from .systems import SYSTEMS, CannotAnswer, Fitted, Material, System, systems_named
from .training import TrainingStep, train
from .tuning import Tuning, tune

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
