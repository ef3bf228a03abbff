"""Feature bundles: few-shot sets that were embedded elsewhere, as one .npz file without pickles.

| key | shape | |
|---|---|---|
| train_features, test_features | (n, d) | numbers; rows need not be normalised; the test part may have no rows |
| train_labels, test_labels | (n,) | integers 0..C-1 |
| text_features | (C, d) | the class names as the model's text tower sees them |
| class_names | (C,) | strings |
| logit_scale | () | optional, 100 if absent |
| train_thumbnails, test_thumbnails | (n, s, s, 3) | optional, uint8 |
| val_features, val_labels | (n, d), (n,) | optional, both: rows by which `evaluate` chooses hyper-parameters |
| train_views | (K, n, d) | optional: K augmented views of every training row, for `evaluate --views` |
| templates | (T,) | optional strings with {}: what text_features were made with |
| encoder | (1,) or (2,) | optional strings: the name that loads the model and, where known, its `Encoder.identity` |
| elsewhere_features | (n, d) | optional, like the four below: pictures of closed problems, never trained on |
| elsewhere_labels, elsewhere_text_features | (n,), (K, d) | integers 0..K-1; the K classes of all these problems |
| elsewhere_class_names, elsewhere_problems | (K,) | strings: each class, and the problem that it belongs to |
| elsewhere_thumbnails | (n, s, s, 3) | optional, uint8 |

The first ceil(C/2) classes are the base classes. Other keys are left unread.
"""

from pathlib import Path

import numpy as np

from llu_core.data.controls import arrays_of_controls, controls_of_bundle
from llu_core.data.features import Features
from llu_core.data.fewshot import FewShotSet, first_half
from llu_core.data.forms.bundle_arrays import BundleArrays, BundleLimits, opened
from llu_core.encoders.prompts import DEFAULT_TEMPLATES
from llu_core.errors import LluError, shown
from llu_core.files.writing import write_whole

MAX_BUNDLE_BYTES = 8 * 2**30
"""Uncompressed size up to which a bundle is read."""


def load_bundle(path: str | Path, *, max_bytes: int | None = None, limits: BundleLimits | None = None) -> FewShotSet:
    """The few-shot set in the feature bundle at `path`, named after the file, rows normalised to float32.

    A class name that comes again gets a number ("crane", "crane (2)"): ImageNet has such pairs, and names must tell
    classes apart. Raises LluError naming the file and the key for anything that is not a sound bundle.
    limits: checked by what the file says of its arrays, before any is made; max_bytes: those of the command line with
    another limit for the bytes.
    """
    return load_features(path, max_bytes=max_bytes, limits=limits).problem


def load_features(path: str | Path, *, max_bytes: int | None = None, limits: BundleLimits | None = None) -> Features:
    """The same set with the validation rows and the views of the bundle, where it has some."""
    path = Path(path)
    with opened(path, limits or BundleLimits(max_bytes or MAX_BUNDLE_BYTES)) as bundle:
        return _read(bundle, path)


def _read(bundle: BundleArrays, path: Path) -> Features:
    bundle.check_sizes()
    class_names = bundle.class_names()
    text = bundle.features("text_features")
    if len(text) != len(class_names):
        bundle.fail("class_names", f"has {len(class_names)} names for {len(text)} rows of text_features")
    train, test = (bundle.part(part, len(class_names), text.shape[1]) for part in ("train", "test"))
    if not len(train):
        bundle.fail("train_features", "has no rows; a few-shot set needs at least one")
    classes, width = len(class_names), text.shape[1]
    name, identity = bundle.encoder()
    templates = bundle.templates()
    problem = FewShotSet(
        name=shown(path.stem),
        class_names=class_names,
        class_embeddings=text,
        train=train,
        test=test,
        base_classes=first_half(classes),
        logit_scale=bundle.logit_scale(),
        encoder_identity=identity,
        encoder_name=name,
        templates=templates or DEFAULT_TEMPLATES,
        templates_known=bool(templates),
        bundle=shown(path.name),
        controls=controls_of_bundle(bundle, class_names, width),
    )
    return Features.whole(problem, bundle.validation(classes, width), bundle.views(train))


def save_bundle(path: str | Path, source: FewShotSet | Features, *, model: str = "") -> Path:
    """Write a set, or features with their validation rows and views, as a feature bundle to `path`; returns the path.

    model: the name that loads the encoder, by default the one that the set knows. The path ends in .npz. The names of
    the pictures and a base half other than the first ceil(C/2) are not part of the format.
    Raises LluError if the file cannot be written; then nothing is left behind, and an older file stays as it was.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise LluError(f"{path.name}: a feature bundle's name must end in .npz")
    arrays = _arrays(source if isinstance(source, Features) else Features.whole(source), model)
    try:
        write_whole(path, lambda file: np.savez(file, **arrays))  # pyright: ignore[reportArgumentType]
    except OSError as error:
        raise LluError(f"{path} cannot be written ({error.strerror or error}); choose another place") from None
    return path


def _arrays(features: Features, model: str) -> dict[str, np.ndarray]:
    """Every array that the format has for them."""
    fewshot = features.problem
    encoder = model or fewshot.encoder_name, fewshot.encoder_identity
    arrays = arrays_of_controls(fewshot.controls) | {
        "text_features": fewshot.class_embeddings.numpy(),
        "class_names": np.array(fewshot.class_names, dtype=np.str_),
        "logit_scale": np.asarray(fewshot.logit_scale, np.float32),
    }
    if any(encoder):
        arrays["encoder"] = np.array(encoder, dtype=np.str_)
    if fewshot.templates_known:
        arrays["templates"] = np.array(fewshot.templates, dtype=np.str_)
    if features.views is not None:
        arrays["train_views"] = features.views.numpy()
    parts = {"train": fewshot.train, "test": fewshot.test} | (
        {"val": features.validation} if len(features.validation) else {}
    )
    for part, rows in parts.items():
        arrays[f"{part}_features"] = rows.embeddings.numpy()
        arrays[f"{part}_labels"] = rows.labels.numpy()
        if rows.thumbnails is not None and part != "val":
            arrays[f"{part}_thumbnails"] = rows.thumbnails
    return arrays
