"""What a shelf is: trained sets by their names."""

from dataclasses import dataclass, replace

from demo.session.model import Model


@dataclass(frozen=True, eq=False)
class Shelved:
    """A trained set that is kept, without what was asked of it. name: no other on the shelf has it."""

    name: str
    model: Model


@dataclass(frozen=True, eq=False)
class Shelf:
    """Trained sets, in the order in which they were put there."""

    entries: tuple[Shelved, ...] = ()

    def free_name(self, wanted: str) -> str:
        """The name, with a number where there is a set of that name already."""
        taken, number, free = {each.name for each in self.entries}, 2, wanted
        while free in taken:
            free, number = f"{wanted} ({number})", number + 1
        return free

    def entry_of(self, model: Model | None) -> Shelved | None:
        """The entry that keeps this model's adapter, be it asked about other things by now."""
        adapter = None if model is None else model.trained.adapter
        return next((each for each in self.entries if each.model.trained.adapter is adapter), None)

    def having(self, entry: Shelved) -> "Shelf":
        """With one more set."""
        return replace(self, entries=(*self.entries, entry))

    def without(self, name: str) -> "Shelf":
        """Without the set of that name."""
        return replace(self, entries=tuple(each for each in self.entries if each.name != name))
