"""Another model for everything: what of a session it can read again, and what it would make useless."""

from collections.abc import Generator

from demo.session.readers import Reader
from demo.session.session import Session
from demo.session.training import Progress
from llu_core.data.embedding import embed_steps
from llu_core.data.pictures import ImageSource
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError
from llu_core.steps import relay


def require_fits(session: Session, title: str, width: int, identity: str | None = None) -> None:
    """Raise LluError where the session holds embeddings of another model that cannot be made again from pictures.

    width: of the embeddings of the model called `title`; identity: None as long as it is unknown.
    """
    features, model = session.features, session.model
    if model is not None and not isinstance(model.source, ImageSource):
        remedy = "download the adapter if you still need it, and delete it, before you load that model"
        known = model.trained.encoder_identity
        _require("the open adapter works on", model.shots.width, known, title, width, identity, remedy)
    if features is not None:
        remedy = "open a set of pictures, or delete this one, before you load it"
        _require("the open set holds", features.width, features.encoder_identity, title, width, identity, remedy)


def _require(what: str, wide: int, known: str, title: str, width: int, identity: str | None, remedy: str) -> None:
    if wide != width:
        raise LluError(f"{what} embeddings {wide} wide, and {title} gives {width}; {remedy}")
    if known and identity and known != identity:
        raise LluError(f"{what} embeddings of another model than {title}, which cannot be compared; {remedy}")


def read_steps(session: Session, encoder: Encoder) -> Generator[Progress, None, None]:
    """Read the set with a model, which then remembers it; the session stays as it is."""
    if session.features is None and session.draft.train:
        steps = embed_steps(session.draft, encoder)
        yield from relay(steps, lambda step: Progress("Reading the set again", *step))


def with_model(session: Session, encoder: Encoder, name: str) -> Session:
    """The session with one model for everything; an adapter stays where that model, or none, read what it is for.

    Raises LluError where something would be lost that pictures cannot bring back.
    """
    require_fits(session, encoder.title, encoder.width, encoder.identity)
    return session.read_by(Reader(name, encoder))
