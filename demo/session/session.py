"""A visitor's session: one frozen value from which everything on the page is derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from demo.session.draft import empty_draft, require_within, stored_pictures
from demo.session.memory import pieces_of
from demo.session.model import Model
from demo.session.readers import Reader, Readers
from demo.session.shelf.shelf import Mask, Shelf, Shelved
from demo.settings import MB, Limits
from llu_core.data.fewshot import FewShotSet
from llu_core.data.pictures import ImageSource
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter

MAX_UNDO = 20


@dataclass(frozen=True, eq=False)
class Edit:
    """What the set was before a change, who read it, and what the change was called.

    recording: the name of the recording that made the change, which goes on with it; "" for a change made at once.
    model: the adapter as it answered before, where the change was one of its answers. shelf: what was on it. whole: all
    that was on the page, its history apart, where another set or adapter took its place.
    """

    label: str
    draft: ImageSource
    features: FewShotSet | None
    preset: str | None
    reader: Reader
    recording: str = ""
    model: Model | None = None
    shelf: Shelf = field(default_factory=Shelf)
    whole: "Session | None" = None


@dataclass(frozen=True, eq=False)
class Session:
    """encoder: reads the set; shared between visitors and never changed. readers: who reads an example and who an own
    set, None once one model was chosen for everything. beta, gamma: where the visitor has those of the set on the page;
    statistics: whether class statistics count, where the adapter has some.

    draft: the visitor's pictures; features: a set that came as embeddings and takes the draft's place, or None.
    history: earlier states of the set, newest last; limits: what a set may be. given: the adapter that came with an
    example. lineage: stays the same while a set is edited, and is another one once it is deleted or replaced.
    shelf: trained sets that are kept beside the one on the page; resting: the names of those that are switched off;
    masks: beta and gamma of those that were moved since they came there, by their names.
    """

    encoder: Encoder
    encoder_name: str
    draft: ImageSource = field(default_factory=empty_draft)
    features: FewShotSet | None = None
    preset: str | None = None
    model: Model | None = None
    beta: float = 0.5
    gamma: float = 20.0
    statistics: bool = True
    history: tuple[Edit, ...] = ()
    limits: Limits = field(default_factory=Limits)
    given: TrainedAdapter | None = None
    lineage: object = field(default_factory=object)
    readers: Readers | None = None
    shelf: Shelf = field(default_factory=Shelf)
    resting: frozenset[str] = frozenset()
    masks: Mapping[str, Mask] = field(default_factory=dict)

    @property
    def source(self) -> ImageSource | FewShotSet:
        """The set on the left of the page."""
        return self.features or self.draft

    def for_own_set(self) -> "Session":
        """The session with the model that reads visitors' own sets."""
        own = self.readers and self.readers.own
        return self if own is None else replace(self, encoder=own.encoder, encoder_name=own.name)

    def encoder_of(self, model: Model) -> Encoder:
        """The encoder that the model's embeddings come from: the set's, or one that read what was there before.

        Raises LluError where neither is it, and for a set that came as embeddings of an unknown one.
        """
        if not model.shots.encoder_identity:
            raise LluError("this set came as embeddings and names no encoder, so nothing can be added to it")
        reader = self.reader_of(model.trained)
        model.trained.require_encoder(reader.encoder.identity, reader.encoder.width)
        return reader.encoder

    def reader_of(self, trained: TrainedAdapter) -> Reader:
        """Who read what the adapter was trained on, or else who reads the set."""
        known = (self.readers.examples, self.readers.own) if self.readers else ()
        readers = (Reader(self.encoder_name, self.encoder), *known)
        return next((each for each in readers if each.encoder.identity == trained.encoder_identity), readers[0])

    def edited(self, label: str, draft: ImageSource, *, anew: bool = False, recording: str = "") -> "Session":
        """The session with another set of pictures; `label` says in the Undo button what was done.

        anew: whether the set is no longer what it was with a change, but the visitor's own from here on.
        recording: as in `Edit`; all of one recording is one step for Undo.
        Raises LluError if it is over the limits. Where only Undo makes it so, the oldest steps are forgotten.
        """
        require_within(len(draft.train) + len(draft.test), draft.class_names, self.limits, len(draft.templates))
        changes = {"draft": draft, "features": None, "preset": None}
        return self._changed(label, anew, recording, **changes).within_memory(self)

    def answering(self, label: str, model: Model, draft: ImageSource) -> "Session":
        """The session with its adapter telling apart other classes, which `draft`, its set, names too.

        Undo takes it back; an adapter that belonged to the set does so afterwards.
        """
        if draft is self.draft:
            return self._changed(label, False, "", model=model).within_memory(self)
        in_step = replace(model, source=draft) if not self.changed_since_training else model
        return self._changed(label, False, "", model=in_step, draft=draft, preset=None).within_memory(self)

    def replacing(self, before: "Session", label: str) -> "Session":
        """This session in the place of `before`, which Undo brings back, unless nothing in that is a visitor's own."""
        if before.untouched:
            return self
        whole = replace(before, history=())
        edit = Edit(label, before.draft, before.features, before.preset, before.reader, shelf=before.shelf, whole=whole)
        return replace(self, history=(*before.history, edit)[-MAX_UNDO:]).within_memory(before)

    @property
    def reader(self) -> Reader:
        """Who reads the set."""
        return Reader(self.encoder_name, self.encoder)

    def within_memory(self, before: "Session") -> "Session":
        """The session, without its oldest steps to undo where all of it is more than one visitor may hold.

        Raises LluError if it is more without any, and more than `before`: what makes a session smaller always goes.
        """
        kept, most = self, self.limits.visitor_mb * MB
        while kept.held_bytes > max(most, 0 if kept.history else before.held_bytes):
            if not kept.history:
                raise LluError(
                    f"your pictures, embeddings and adapter would take {kept.held_bytes // MB} MB in memory; the page "
                    f"keeps {self.limits.visitor_mb} MB for one visitor; delete some first"
                )
            kept = replace(kept, history=kept.history[1:])
        return kept

    def require_same_set(self, before: "Session") -> None:
        """Raise LluError if the set of `before`, on which work began, was deleted or replaced since."""
        if self.lineage is not before.lineage:
            raise LluError("the set was deleted or replaced meanwhile, so what was begun before was left; begin again")

    def with_shelf(self, label: str, shelf: Shelf) -> "Session":
        """The session with other sets on its shelf; what was switched off and is there no more is forgotten."""
        left = {each.name for each in self.shelf.entries} - {each.name for each in shelf.entries}
        changed = self._changed(label, False, "", shelf=shelf, resting=self.resting - left)
        return changed.within_memory(self)

    def mask_of(self, entry: Shelved) -> Mask:
        """With which beta and gamma a set of the shelf acts while it is not on the page."""
        return self.masks.get(entry.name, entry.mask)

    def with_own_mask_kept(self) -> "Session":
        """The session before another set comes on the page: the one that is there acts on as it does, if it is kept."""
        kept = self.shelf.entry_of(self.model)
        return self if kept is None else replace(self, masks={**self.masks, kept.name: (self.beta, self.gamma)})

    def with_features(self, features: FewShotSet) -> "Session":
        """The session with a set of embeddings in place of pictures."""
        return self._changed(f"open {features.name}", True, "", draft=empty_draft(), features=features, preset=None)

    def _changed(self, label: str, anew: bool, recording: str, **changes) -> "Session":
        model = self.model if "model" in changes else None
        before = Edit(label, self.draft, self.features, self.preset, self.reader, recording, model, self.shelf)
        goes_on = recording and self.history and self.history[-1].recording == recording
        changed = replace(self, **changes, history=self.history if goes_on else (*self.history, before)[-MAX_UNDO:])
        return changed.for_own_set() if anew else changed

    def undone(self) -> "Session":
        """The set, and the answers, as they were before the last change; what was trained since then stays."""
        if not self.history:
            return self
        last, earlier = self.history[-1], self.history[:-1]
        if last.whole is None:
            before = replace(self, draft=last.draft, features=last.features, preset=last.preset, history=earlier)
            before = replace(before, model=self._answering_as(last.model), shelf=last.shelf)
        else:
            before = replace(last.whole, history=earlier)
        if self.readers is not None:
            return replace(before, encoder=last.reader.encoder, encoder_name=last.reader.name)
        return before.read_by(self.reader)  # a model that was chosen stays

    def _answering_as(self, before: Model | None) -> Model | None:
        """The adapter with the answers that it had, to what it was asked about since; a later one stays as it is."""
        now = self.model
        if before is None or now is None or now.trained.adapter is not before.trained.adapter:
            return now
        known = before if before.queries is now.queries else before.with_queries(now.queries)
        return replace(known, projection=now.projection)

    def read_by(self, reader: Reader) -> "Session":
        """The session with one model for everything; an adapter of pictures that another model read is dropped."""
        chosen, model = replace(self, encoder=reader.encoder, encoder_name=reader.name, readers=None), self.model
        if model is None or not isinstance(model.source, ImageSource):
            return chosen
        return chosen if model.trained.encoder_identity == reader.encoder.identity else replace(chosen, model=None)

    @property
    def holdings(self) -> tuple[object, ...]:
        """Whatever takes memory; two sessions that hold the very same objects take the same."""
        return self.draft, self.features, self.model, self.history, self.shelf

    @cached_property
    def pieces(self) -> dict[int, int]:
        """Bytes of every picture, tensor and text of this session by its identity, those that Undo has included."""
        return pieces_of(self.holdings)

    @cached_property
    def held_bytes(self) -> int:
        """All the memory that the session takes."""
        return sum(self.pieces.values())

    @property
    def stored_bytes(self) -> int:
        """Bytes of the files of the visitor's pictures, those that Undo would bring back included."""
        drafts = self.draft, *(edit.draft for edit in self.history)
        return sum({id(data): len(data) for draft in drafts for data in stored_pictures(draft)}.values())

    @property
    def untouched(self) -> bool:
        """Whether nothing in it is the visitor's own work: it is empty, or an example as it came."""
        model = self.model
        as_it_came = model is None or (model.trained is self.given and not len(model.queries))
        nothing_added = self.preset is not None or (not self.draft.class_names and self.features is None)
        return as_it_came and nothing_added and not self.history and not self.shelf.entries

    def is_still(self, example: "Session") -> bool:
        """Whether this is the example as it came; its map may be a better one meanwhile."""
        same = self.lineage is example.lineage and self.encoder is example.encoder and self.draft is example.draft
        return same and self.untouched and self._setting == example._setting

    @property
    def _setting(self) -> tuple[float, float, bool, frozenset[str]]:
        return self.beta, self.gamma, self.statistics, self.resting

    @property
    def changed_since_training(self) -> bool:
        """Whether the set on the left is no longer what the model on the right was trained on."""
        return self.model is not None and self.model.source is not self.source

    def require_model(self) -> Model:
        """The trained model; raises LluError where there is none."""
        if self.model is None:
            raise LluError("there is no trained adapter yet; train one first")
        return self.model

    @property
    def statistics_told(self) -> bool | None:
        """Whether class statistics count, None where the adapter has none."""
        return None if self.model is None or self.model.trained.adapter.statistics is None else self.statistics

    def require_asked(self) -> Model:
        """The model as it answers, without its class statistics where the visitor switched them off; raises LluError
        where there is none."""
        model = self.require_model()
        return model if self.statistics else model.without_statistics()

    @property
    def trained(self) -> TrainedAdapter:
        """The adapter with its mask where the sliders stand; raises LluError where there is none."""
        trained = self.require_asked().trained
        return replace(trained, adapter=trained.adapter.with_mask(beta=self.beta, gamma=self.gamma))

    def why_not_trainable(self) -> str | None:
        """What is missing before training makes sense, or None."""
        if self.features is not None:
            return None
        if not self.draft.train:
            return "Add pictures of at least one class first."
        if len(self.draft.class_names) < 2:
            return "Add a second class, or name an unseen one, so that there is something to tell apart."
        return None
