"""An adapter that a visitor opens again, alone or in a project."""

from dataclasses import replace
from pathlib import Path

from demo.session.draft import require_within
from demo.session.everyday import known_everyday_names
from demo.session.model import build_model
from demo.session.readers import Reader
from demo.session.session import Session
from demo.settings import MB
from llu_core.data.fewshot import FewShotSet
from llu_core.data.pictures import ImageSource
from llu_core.method.checkpoint import TrainedAdapter, load_adapter


def read_adapter(session: Session, path: Path) -> tuple[TrainedAdapter, Reader]:
    """The adapter in a zip, and the model at hand that reads for it.

    Raises LluError for an adapter of another model, and for one that is more than a session may hold.
    """
    trained = load_adapter(path, session.limits.unpacked_mb * MB)
    reader = session.reader_of(trained)
    trained.require_encoder(reader.encoder.identity, reader.encoder.width)
    require_within(len(trained.anchor_names), trained.class_names, session.limits, len(trained.templates))
    # The name in the file is a stranger's word; the model with this identity is the one that is loaded.
    return replace(trained, model=reader.name if trained.encoder_identity else ""), reader


def asking(
    session: Session, trained: TrainedAdapter, reader: Reader, shots: FewShotSet, source: ImageSource | FewShotSet
) -> Session:
    """The session with what `read_adapter` gave as its adapter, at that one's own setting."""
    everyday = known_everyday_names(trained.encoder_identity)
    model = build_model(trained, shots, source=source, seconds=None, everyday=everyday)
    read = replace(session, model=model, encoder=reader.encoder, encoder_name=reader.name)
    return replace(read, beta=trained.adapter.beta, gamma=trained.adapter.gamma, statistics=True)
