"""Feature bundles that visitors upload, within what the page can hold."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from demo.session import draft as drafts
from demo.session.session import Session
from demo.session.uploads.controls import sampled_controls
from demo.settings import MB
from llu_core.data.bundles import load_bundle
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, Rejected
from llu_core.data.forms.bundle_arrays import BundleLimits
from llu_core.errors import LluError

THUMBNAIL = 64
SHOTS_OF_A_BUNDLE = 16
"""Training rows per class that the page takes of a feature bundle, as the paper does; more would slow it down."""


def read_bundle(session: Session, files: Sequence[Path]) -> FewShotSet:
    """The set that a feature bundle makes, alone among the dropped files and within the session's limits."""
    if len(files) > 1:
        raise LluError("a feature bundle (.npz) is a whole set; drop it alone, without other files")
    limits = session.limits
    bundle = load_bundle(files[0], limits=BundleLimits(limits.unpacked_mb * MB, limits.width))
    drafts.require_within(0, bundle.class_names, session.limits)
    return _sized_for_the_page(bundle, session.limits.pictures)


def _sized_for_the_page(bundle: FewShotSet, most: int) -> FewShotSet:
    """The base classes' shots, at most SHOTS_OF_A_BUNDLE each, and as many test rows as fit."""
    base = bundle.train.labels < bundle.base_classes
    shots = replace(bundle, train=bundle.train.select(base.nonzero().flatten())).sample(SHOTS_OF_A_BUNDLE, seed=1)
    shots.require_shots()
    if len(shots.train) > most:
        raise LluError(f"{bundle.name} has {len(shots.train):,} shots; the page takes {most:,} pictures")
    free = most - len(shots.train)
    kept = torch.randperm(len(bundle.test), generator=torch.Generator().manual_seed(1))[:free].sort().values
    left_out = []
    if len(shots.train) < len(bundle.train):
        reason = (
            f"the page trains on {SHOTS_OF_A_BUNDLE} per class of the first half of the classes, the others are unseen"
        )
        left_out.append(Rejected(f"{len(bundle.train) - len(shots.train):,} training rows", reason))
    if len(kept) < len(bundle.test):
        reason = f"the page shows {most:,} pictures, drawn at random"
        left_out.append(Rejected(f"{len(bundle.test) - len(kept):,} test rows", reason))
    train, test = (with_small_thumbnails(part) for part in (shots.train, bundle.test.select(kept)))
    controls = tuple(replace(c, pictures=with_small_thumbnails(c.pictures)) for c in sampled_controls(shots.controls))
    return replace(shots, train=train, test=test, rejected=tuple(left_out), controls=controls)


def with_small_thumbnails(part: LabelledEmbeddings) -> LabelledEmbeddings:
    """The same rows with thumbnails of one size for the map, whatever the bundle has."""
    if part.thumbnails is None or part.thumbnails.shape[1] == THUMBNAIL:
        return part
    small = [np.asarray(Image.fromarray(pixels).resize((THUMBNAIL, THUMBNAIL))) for pixels in part.thumbnails]
    shape = (len(part), THUMBNAIL, THUMBNAIL, 3)
    return replace(part, thumbnails=np.array(small, dtype=np.uint8).reshape(shape))
