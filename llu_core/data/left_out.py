"""What is left out of a source because it cannot be read: one rule, whatever the source is wanted for.

A picture that cannot be read is named in `rejected`. A class all of whose training pictures are lost that way is left
out with its other pictures and named after them; a class that never had any, known by its name or by test pictures,
stays. The other classes keep their order and their half: a base class stays a base class. If no training picture is
left, that is an error. `folders` follows the rule for files that do not even claim to be pictures.

Which classes are left is a matter of the source, not of the shots drawn from it. Draws are made over whole pools, as
the published ones are: a picture that cannot be read is drawn like any other, then missed, not replaced. But before a
class is without a shot, the first picture of its pool that can be read stands in, and only a class of which every
picture was tried is left out. Where no training picture is asked for, as of the target of a shift, none is tried and
no class is lost; then it is an error if no test picture can be read.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from typing import TypeVar

from llu_core.data.draws import Draw
from llu_core.data.fewshot import FewShotSet, Rejected
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError

SOURCE_FORMS = (
    "a folder with one folder per class, a .zip of that, a feature bundle (.npz), picto:NAME, or a list (.csv) or "
    "another form that docs/command_line.md names"
)

AS_BUNDLE = (
    "embeddings come as one feature bundle: numpy.savez('set.npz', train_features=..., train_labels=..., "
    "test_features=..., test_labels=..., text_features=..., class_names=...), labels counted from 0"
)
ARRAYS = (".npy", ".pt", ".pth", ".pkl", ".h5", ".safetensors")
"""How files of arrays end, which people keep embeddings in."""

Source = TypeVar("Source", FewShotSet, ImageSource)


def leave_out(readable: Source, had: Iterable[int], unreadable: Sequence[Rejected]) -> Source:
    """`readable`, a source without its pictures `unreadable`, without the classes that it lost with them.

    had: the labels that had training pictures before. Raises LluError if none of them has any left.
    """
    lost = lost_classes(had, readable.seen_classes)
    if lost and not readable.seen_classes:
        raise nothing_readable(readable.name, unreadable or readable.rejected)
    told = tuple(class_left_out(readable.class_names[label]) for label in lost)
    rest = set(range(len(readable.class_names))) - set(lost)
    left = readable.select_classes(rest) if lost else readable
    return replace(left, rejected=(*readable.rejected, *unreadable, *told))


def lost_classes(had: Iterable[int], has: Iterable[int]) -> tuple[int, ...]:
    """The labels that had training pictures and have none any more, ascending."""
    return tuple(sorted(set(had) - set(has)))


def class_left_out(name: str) -> Rejected:
    """What is told about a class none of whose training pictures can be read."""
    return Rejected(name, "no readable training picture; the class is left out")


def validation_left_out(source: ImageSource) -> tuple[Rejected, ...]:
    """What is told about validation pictures where training and test pictures alone are looked at."""
    if not source.validation:
        return ()
    reason = "only evaluate looks at them; call their folder test to have them answered here"
    return (Rejected(f"{len(source.validation):,} validation pictures", reason),)


def nothing_readable(name: str, rejected: Sequence[Rejected], kind: str = "training") -> LluError:
    """The error for a source without any picture of a kind; it quotes the first of `rejected`, if there is one."""
    arrays = next((each.name for each in rejected if each.name.lower().endswith((*ARRAYS, ".npz"))), None)
    if arrays is not None:
        return LluError(f"{name} has no readable {kind} picture, and {arrays} is an array; {AS_BUNDLE}")
    first = f"; left out: {rejected[0].name} ({rejected[0].reason})" if rejected else ""
    return LluError(f"{name} has no readable {kind} picture{first}; a source is {SOURCE_FORMS}")


def with_stand_ins(draw: Draw, source: ImageSource, unreadable: Set[int]) -> Draw:
    """A draw from `source`, and of each class of which it has unreadable pictures alone the first that is not, if any.

    unreadable: positions in the training pool, as far as they were tried.
    """
    if unreadable.isdisjoint(draw.train):
        return draw
    bare = lost_classes(
        (source.train[at].label for at in draw.train),
        (source.train[at].label for at in draw.train if at not in unreadable),
    )
    first = (next((at for at in source.positions[label] if at not in unreadable), None) for label in bare)
    return replace(draw, train=(*draw.train, *(at for at in first if at is not None)))


def readable_draw(source: ImageSource, unreadable: Set[int], shots: int, seed: int) -> Draw:
    """`source.draw` with what stands in where a class would be without any picture."""
    return with_stand_ins(source.draw(shots, seed), source, unreadable)
