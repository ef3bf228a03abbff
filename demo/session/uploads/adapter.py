"""An adapter that a visitor opens again: alone, in a project, or among several that were saved together."""

from dataclasses import replace
from pathlib import Path

from demo.session.draft import require_within
from demo.session.everyday import known_everyday_names
from demo.session.model import Model, build_model
from demo.session.readers import Reader
from demo.session.session import Session
from demo.session.uploads.bundles import with_small_thumbnails
from demo.settings import MB
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter, load_adapter
from llu_core.method.composition.saved import load_saved


def read_adapter(session: Session, path: Path) -> tuple[TrainedAdapter, Reader]:
    """The adapter in a zip, and the model at hand that reads for it.

    Raises LluError for an adapter of another model, and for one that is more than a session may hold.
    """
    return _at_hand(session, load_adapter(path, session.limits.unpacked_mb * MB))


def read_adapters(session: Session, path: Path) -> list[tuple[str, TrainedAdapter, Reader]]:
    """What `read_adapter` gives, for every set in a zip, with its name; one adapter is called as its file.

    Raises LluError for more sets than the page takes.
    """
    saved = load_saved(path, max_bytes=session.limits.unpacked_mb * MB)
    if isinstance(saved, TrainedAdapter):
        return [(path.stem, *_at_hand(session, saved))]
    if len(saved.sets) > session.limits.sets + 1:
        raise LluError(f"{path.name} holds {len(saved.sets)} sets; the page takes {session.limits.sets + 1} at once")
    return [(name, *_at_hand(session, each)) for name, each in zip(saved.names, saved.sets, strict=True)]


def _at_hand(session: Session, trained: TrainedAdapter) -> tuple[TrainedAdapter, Reader]:
    reader = session.reader_of(trained)
    trained.require_encoder(reader.encoder.identity, reader.encoder.width)
    require_within(len(trained.anchor_names), trained.class_names, session.limits, len(trained.templates))
    # The name in the file is a stranger's word; the model with this identity is the one that is loaded.
    return replace(trained, model=reader.name if trained.encoder_identity else ""), reader


def model_of_anchors(trained: TrainedAdapter, name: str) -> Model:
    """An adapter for the shelf, with what it knows of its own set: its anchors."""
    shots, everyday = anchors_as_shots(trained, name), known_everyday_names(trained.encoder_identity)
    return build_model(trained, shots, source=shots, seconds=None, everyday=everyday)


def asking(
    session: Session, trained: TrainedAdapter, reader: Reader, shots: FewShotSet, source: ImageSource | FewShotSet
) -> Session:
    """The session with what `read_adapter` gave as its adapter, at that one's own setting."""
    everyday = known_everyday_names(trained.encoder_identity)
    model = build_model(trained, shots, source=source, seconds=None, everyday=everyday)
    read = replace(session, model=model, encoder=reader.encoder, encoder_name=reader.name)
    return replace(read, beta=trained.adapter.beta, gamma=trained.adapter.gamma, statistics=True)


def anchors_as_shots(trained: TrainedAdapter, name: str) -> FewShotSet:
    """The set that an adapter's anchors are, with no test picture."""
    thumbnails = trained.anchor_thumbnails
    anchors = trained.adapter.image.anchors
    rows = LabelledEmbeddings(
        anchors, trained.anchor_labels, trained.anchor_names, None if thumbnails is None else thumbnails.numpy()
    )
    rows = with_small_thumbnails(rows)
    none = LabelledEmbeddings(anchors[:0], trained.anchor_labels[:0], ())
    return FewShotSet(
        name=name,
        class_names=trained.class_names,
        class_embeddings=trained.class_embeddings,
        train=rows,
        test=none,
        base_classes=len(trained.trained_classes),
        logit_scale=trained.adapter.logit_scale,
        encoder_identity=trained.encoder_identity,
        templates=trained.templates,
    )
