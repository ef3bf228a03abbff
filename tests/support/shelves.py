"""Sessions with two built-in sets that act together, trained once; one of them has class statistics."""

from dataclasses import replace
from functools import cache

from demo.hosting.encoders import load_encoder
from demo.session import training
from demo.session.presets import load_preset
from demo.session.session import Session
from demo.session.shelf import shelving
from llu_core.encoders.encoder import Encoder
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain

PAGE, SHELVED = "New words", "Coloured shapes, sketched"


@cache
def picto() -> Encoder:
    return load_encoder("picto")


@cache
def example(title: str, recipe: str = "fast") -> Session:
    """A built-in set, trained."""
    return drain(training.train_adapter(load_preset(Session(picto(), "picto"), title), RECIPES[recipe]))[0]


@cache
def two_sets() -> Session:
    """New words on the page, sketched shapes with class statistics on the shelf."""
    digits = example(SHELVED, "best").require_model()
    return shelving.add_to_shelf(replace(example(PAGE), beta=1.0, gamma=5.0), SHELVED, digits)
