"""Whether files that are added join the set on show or replace it."""

from demo.session.session import Session
from llu_core.errors import LluError, shown

JOIN, REPLACE = "join", "replace"


def joins(session: Session, class_name: str, manner: str) -> bool:
    """Whether an upload joins the set on show, or begins another one in its place.

    manner: JOIN or REPLACE; with "" an example is replaced, unless `class_name` is one of its classes, and an own set
    grows. Raises LluError for another manner, and where a set of embeddings should grow.
    """
    if manner not in ("", JOIN, REPLACE):
        raise LluError(f'there is no manner {shown(manner)}; pictures can "{JOIN}" the set or "{REPLACE}" it')
    if manner == JOIN and session.features is not None:
        raise LluError("a set of embeddings takes no pictures; begin another set with them")
    return manner == JOIN if manner else session.preset is None or class_name in session.draft.class_names
