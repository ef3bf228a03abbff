"""Names of sources and data sets -> Features, for the evaluation: opened, embedded or read from the cache.

Large sources are embedded by many processes where there are some; what each does goes into the cache folder.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from llu_core.data.coop.datasets import DATASETS, open_dataset, unlike_published
from llu_core.data.coop.given_draws import contents_of, listing_of, with_split
from llu_core.data.embedding import extract, extract_shard
from llu_core.data.features import Features
from llu_core.data.fewshot import FewShotSet
from llu_core.data.pictures import ImageSource
from llu_core.data.remarks import remarks
from llu_core.data.sources import open_pools
from llu_core.encoders.cache import ModelLoader
from llu_core.errors import LluError
from llu_core.evaluation.runner import run_tasks
from llu_core.evaluation.timing.sizes import MADE_UP, made_up_set

SHARDED_FROM = 4000
"""Pictures from which on it pays to start other processes for embedding."""

Draws = Sequence[tuple[int, int]]


def checked_split(path: Path, sources: Set[str]) -> Path:
    """The path of what lists the shots of `sources`; raises LluError where it cannot."""
    if not path.exists():
        raise LluError(f"{path} does not exist; --split names a JSON file or a folder that lists shots")
    if path.is_file() and len(sources) > 1:
        raise LluError(f"{path} is one file for {len(sources)} sources; name a folder that holds NAME.json for each")
    return path


@dataclass(frozen=True)
class SourceFeatures:
    """Where sources are and how they are embedded.

    datasets: names that mean data folders under `root`, not SOURCEs; views: augmented views per training picture;
    jobs, dask: as `runner.run_grid` takes them; split: a file or folder that lists shots of the sources that are
    trained on (see `given_draws`), None to draw them; templates: in place of the sources' own, () for these.
    """

    loader: ModelLoader
    root: Path | None = None
    datasets: tuple[str, ...] = ()
    views: int = 0
    jobs: int = 1
    dask: str | None = None
    split: Path | None = None
    templates: tuple[str, ...] = ()

    def load(self, name: str, draws: Draws, progress: Callable[[int, int], None] | None = None) -> Features:
        """The embedded source, at least the pictures of `draws`, pairs of (shots, seed).

        Raises LluError for a source that cannot be used.
        """
        source, listing = self._open(name, draws)
        if isinstance(source, Features):
            return self._as_it_came(source)
        if self.loader.cache is not None and len(source.train) + len(source.test) >= SHARDED_FROM:
            self._embed_together(name, draws)
        features = extract(
            source, self.loader(), views=self.views, draws=draws, folder=self.loader.cache, progress=progress
        )
        unlike = unlike_published(source) if name in self.datasets and not self.split else ()
        told = (f"unlike the published set: {remark}" for remark in unlike)
        own = remarks(features.problem, features.class_ids, self.loader())
        if listing is None:
            return replace(features, remarks=(*told, *own))
        listed = f"{source.name}: shots as listed in {self.split}"
        return replace(features, remarks=(listed, *told, *own), listed=contents_of(listing))

    def _as_it_came(self, source: Features) -> Features:
        """A bundle with as many of its views as are asked for; raises LluError where a class of it has no rows."""
        problem, views = source.problem, source.views
        if problem.bundle:
            problem.require_rows()
        there = 0 if views is None else len(views)
        few = f"{problem.name}: of {self.views} views per training picture, the bundle has {there}"
        told = (few,) * bool(problem.bundle and there < self.views)
        kept = None if views is None or not self.views else views[: self.views]
        return replace(source, views=kept, remarks=(*remarks(problem), *told, *self._without_templates(problem)))

    def _open(self, name: str, draws: Draws) -> tuple[Features | ImageSource, Path | None]:
        """The source, and what lists its shots where something given does."""
        in_root = self.root is not None and name in self.datasets
        if name.startswith(MADE_UP):
            source = Features.whole(made_up_set(name, self.loader()))
        else:
            source = open_dataset(self.root or Path(), name) if in_root else open_pools(name)
        if isinstance(source, ImageSource) and self.templates:
            source = replace(source, templates=self.templates)
        if self.split is None or not draws:
            return source, None
        if isinstance(source, Features):
            raise LluError(f"{name}: a feature bundle does not name its pictures, so that --split cannot choose them")
        listing = listing_of(source, self.split, (DATASETS[name].folder,) if in_root else ())
        return with_split(source, listing), listing

    def _without_templates(self, source: FewShotSet) -> tuple[str, ...]:
        told = f"{source.name}: its class texts were embedded elsewhere, so that the templates given do not apply to it"
        return (told,) * bool(self.templates)

    def _embed_together(self, name: str, draws: Draws) -> None:
        """A failed or lost shard costs time only: `extract` computes what is not there."""
        count = 8 * self.jobs if self.dask is None else 64
        if self.jobs == 1 and self.dask is None:
            return
        tasks = [partial(self.embed_shard, name, draws, (number, count)) for number in range(count)]
        for _ in run_tasks(tasks, jobs=self.jobs, dask=self.dask):
            pass

    def embed_shard(self, name: str, draws: Draws, shard: tuple[int, int]) -> None:
        """One worker's share, embedded into the cache folder."""
        source, _ = self._open(name, draws)
        if isinstance(source, ImageSource) and self.loader.cache is not None:
            extract_shard(source, self.loader(), shard=shard, folder=self.loader.cache, views=self.views, draws=draws)
