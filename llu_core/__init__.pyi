"""What `import llu_core` offers; each name is imported when it is first asked for."""

__version__: str

from .bridges.estimator import LLUClassifier
from .bridges.module import AdapterModule
from .bridges.onnx_file import FixedClasses, export_onnx
from .data.bundles import load_bundle, save_bundle
from .data.coop.datasets import DATASETS, open_dataset
from .data.features import Features
from .data.fewshot import Control, FewShotSet, LabelledEmbeddings
from .data.sources import load_source, open_source
from .encoders.cache import CachedEncoder
from .encoders.encoder import Encoder, OpenClipEncoder
from .encoders.prompts import class_embeddings
from .errors import LluError
from .evaluation.protocols import base_to_new
from .method.adapter import (
    AffineUpdate,
    LocalizedAdapter,
    LocalizedUpdate,
    interpolate,
    interpolation_mask,
    nearest_anchor,
)
from .method.anchors import cluster_anchors
from .method.checkpoint import TrainedAdapter
from .method.classifier import Classifier, ZeroShotClassifier, accuracy
from .method.elsewhere.accuracy import ElsewhereSweep, accuracy_elsewhere
from .method.elsewhere.familiarity import auroc_of_seen, familiar_from
from .method.elsewhere.names import EverydayNames, NamesSweep, encode_everyday_names
from .method.fitting import fit, fit_many
from .method.prediction import Prediction, predict
from .method.recipes import ABLATIONS, RECIPES, Recipe
from .method.sweep import Sweep
from .method.training import TrainingStep, train
from .method.tuning import Tuning, tune
from .systems.registry import SYSTEMS, CannotAnswer, Fitted, Material, System, systems_named

__all__ = [
    "LluError",
    "Encoder",
    "OpenClipEncoder",
    "CachedEncoder",
    "class_embeddings",
    "FewShotSet",
    "LabelledEmbeddings",
    "Control",
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
    "accuracy_elsewhere",
    "ElsewhereSweep",
    "encode_everyday_names",
    "EverydayNames",
    "NamesSweep",
    "familiar_from",
    "auroc_of_seen",
    "TrainedAdapter",
    "Prediction",
    "predict",
    "LLUClassifier",
    "AdapterModule",
    "FixedClasses",
    "export_onnx",
    "Features",
    "SYSTEMS",
    "System",
    "Material",
    "Fitted",
    "CannotAnswer",
    "systems_named",
    "base_to_new",
]
