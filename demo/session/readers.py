"""Who reads what: a drawn example brings its model along, and visitors' own sets have another one."""

from dataclasses import dataclass

from llu_core.encoders.encoder import Encoder


@dataclass(frozen=True, eq=False)
class Reader:
    """A model that reads pictures, by its name."""

    name: str
    encoder: Encoder


@dataclass(frozen=True, eq=False)
class Readers:
    """The models that read what nobody has chosen a model for: the drawn examples, and visitors' own sets."""

    examples: Reader
    own: Reader
