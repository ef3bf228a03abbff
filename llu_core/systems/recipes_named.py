"""Systems by name, LLU with a recipe of its own where the name says so ("llu@paper"), and what was saved."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from llu_core.method.recipes import RECIPES, Recipe, recipe
from llu_core.systems.composed.saved import SAVED, saved_system
from llu_core.systems.registry import SYSTEMS, System, own_system, systems_named

MARK = "@"


def systems_called(names: Sequence[str], given: Recipe = RECIPES["fast"]) -> list[System]:
    """The systems of these names, in their order, each once; LLU trains by `given` unless its name has a recipe.

    Raises LluError, listing the known ones, for unknown names and recipes and for none.
    """
    kept = {name: saved_system(name) for name in names if name.startswith(SAVED)}
    others = [name for name in names if name not in kept]
    plain = systems_named([without_recipe(name) for name in others], given) if others or not kept else []
    by_name = {system.name: system for system in plain}
    return [kept[name] if name in kept else _called(name, by_name) for name in dict.fromkeys(names)]


def _called(name: str, by_name: dict[str, System]) -> System:
    system, mark, recipe_name = name.partition(MARK)
    if not mark:
        return by_name[name]
    if by_name[system].recipe is None or own_system(system):
        systems_named([name])  # says that there is no such system
    (trained,) = systems_named([system], recipe(recipe_name))
    return replace(trained, name=name, title=title(name))


def without_recipe(name: str) -> str:
    """The name of the system, whatever recipe it is named with: "llu" of "llu@paper"."""
    return name.partition(MARK)[0]


def title(name: str) -> str:
    """What tables call the system of that name; a name that nobody knows is its own title."""
    if name.startswith(SAVED):
        return name
    system, mark, recipe_name = name.partition(MARK)
    known = SYSTEMS[system].title if system in SYSTEMS else system
    return f"{known}, recipe {recipe_name}" if mark else known


def recipe_name(name: str, given: Recipe) -> str:
    """The recipe that the system of that name of LLU trains by, with what was changed of the one it is named after."""
    _, mark, own = name.partition(MARK)
    chosen = recipe(own) if mark else given
    plain = asdict(RECIPES[chosen.name]) if chosen.name in RECIPES else {}
    changed = [f"{key} {value}" for key, value in asdict(chosen).items() if plain.get(key) != value and key != "name"]
    return ", ".join([chosen.name, *changed])
