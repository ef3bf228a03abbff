"""Which pictures of a source are embedded, and in what portions."""

from collections.abc import Container, Sequence, Set
from dataclasses import dataclass, replace

from llu_core.data.fewshot import Draw
from llu_core.data.left_out import with_stand_ins
from llu_core.data.pictures import ImageSource, Picture

CHUNK_ROWS = 256
"""About so many rows are computed between two writes: what a kill can cost, and the unit that shards are dealt."""

Draws = Sequence[tuple[int, int]]
"""Pairs (shots, seed)."""


@dataclass(frozen=True, eq=False)
class Item:
    """A picture at its position in a pool, to be embedded plain and in so many views."""

    position: int
    picture: Picture
    views: int = 0


@dataclass(frozen=True, eq=False)
class Selection:
    """The chosen pictures of the three pools and of every control, each in the order of its pool.

    views: of every training picture; drawn: the draws they were chosen for, none where the pools are chosen whole.
    """

    source: ImageSource
    views: int
    drawn: tuple[Draw, ...]
    train: tuple[Item, ...]
    validation: tuple[Item, ...]
    test: tuple[Item, ...]
    controls: tuple[tuple[Item, ...], ...] = ()

    @classmethod
    def of(cls, source: ImageSource, draws: Draws | None = None, views: int = 0) -> "Selection":
        """draws: None for the whole training and validation pools, () for neither, else what those draws need.

        Test pictures are always chosen, those of the controls wherever training pictures are.
        """
        train: Sequence[int] = range(len(source.train))
        validation: Sequence[int] = range(len(source.validation))
        drawn: tuple[Draw, ...] = ()
        if draws is not None:
            drawn = tuple(source.draw(shots, seed) for shots, seed in dict.fromkeys(draws))
            train = sorted({position for draw in drawn for position in draw.train})
            validation = sorted({position for draw in drawn for position in draw.validation})
        return cls(
            source=source,
            views=views,
            drawn=drawn,
            train=tuple(Item(position, source.train[position], views) for position in train),
            validation=tuple(Item(position, source.validation[position]) for position in validation),
            test=_whole(source.test),
            controls=() if draws is not None and not draws else tuple(_whole(c.pictures) for c in source.controls),
        )

    @property
    def items(self) -> tuple[Item, ...]:
        """The pictures of all pools: training, validation, test, controls."""
        return tuple(item for pool in self._pools for item in pool)

    @property
    def _pools(self) -> tuple[tuple[Item, ...], ...]:
        return (self.train, self.validation, self.test, *self.controls)

    def chunks(self, done: Container[Item] = ()) -> list[tuple[Item, ...]]:
        """The pictures that are not `done`, in portions of one pool and about CHUNK_ROWS rows.

        The same cuts in every run, so that whoever encodes a chunk encodes it in the same batch.
        """
        parts = [tuple(item for item in part if item not in done) for part in self._pools]
        return [
            part[start : start + size]
            for part in parts
            for size in [max(1, CHUNK_ROWS // (1 + part[0].views)) if part else 1]
            for start in range(0, len(part), size)
        ]

    def with_stand_ins(self, unreadable: Set[int]) -> "Selection":
        """The selection with the pictures that stand in where `unreadable` ones leave a class of a draw without any."""
        chosen = {item.position for item in self.train}
        wanted = {at for draw in self.drawn for at in with_stand_ins(draw, self.source, unreadable).train}
        more = (Item(position, self.source.train[position], self.views) for position in wanted - chosen)
        return replace(self, train=tuple(sorted((*self.train, *more), key=lambda item: item.position)))


def _whole(pool: Sequence[Picture]) -> tuple[Item, ...]:
    return tuple(Item(position, picture) for position, picture in enumerate(pool))
