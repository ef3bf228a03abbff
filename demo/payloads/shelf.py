"""Several sets for the page: what its formula takes of them, who is switched on, and what each of them has right."""

from collections.abc import Sequence
from typing import Any

import torch

from demo.payloads.arrays import floats, told_gamma
from demo.payloads.elsewhere import heading_of
from demo.session.session import Session
from demo.session.shelf.members import masks_of, members, switched_on
from demo.session.shelf.together import Together, accuracies_of, together
from llu_core.errors import as_written
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.composition.sweep import ComposedSweep, Places


def sets_payload(session: Session) -> list[dict[str, Any]] | None:
    """Every set on the shelf, the one on the page first; None where there is no other than that."""
    found = members(session)
    if len(found) < 2:
        return None
    on = {each.name for each in switched_on(session)}
    return [
        {
            "id": each.model.id,
            "name": each.name,
            "title": each.title,
            "beta": each.mask[0],
            "gamma": told_gamma(each.mask[1]),
            "on": each.name in on,
            "why": each.why,
            "kept": session.shelf.entry_of(each.model) is not None,
        }
        for each in found
    ]


def shelf_line(session: Session) -> str:
    """Markdown in the shelf's panel: what it is for, or what is on it and why something of it cannot act."""
    if not session.shelf.entries:
        return (
            "Keep a trained set here and open another one: both then act at once, each near what it was taught, "
            "and each has a switch beside the numbers."
        )
    found, on_it = members(session), ", ".join(f"**{as_written(each.name)}**" for each in session.shelf.entries)
    resting = (f"{as_written(each.title)} cannot act: {as_written(each.why)}." for each in found if each.why)
    more = "" if len(found) > 1 else "It is the set on the page; open another one to see both."
    return "\n\n".join(filter(None, (f"On the shelf: {on_it}. {more}", *resting)))


def statistics_told(session: Session) -> bool | None:
    """Whether class statistics count, None where no set that acts has any."""
    joined = together(session)
    if joined is None:
        return session.statistics_told
    return session.statistics if any(each.adapter.statistics for each in joined.trained) else None


def asked_of_several(joined: Together) -> dict[str, Any]:
    """What the page's formula takes of sets that act together, and what it is told of their anchors."""
    anchors = _joined_anchors(joined)
    offsets = [0]
    for each in joined.trained:
        offsets.append(offsets[-1] + len(each.anchor_names))
    problems = zip(joined.controls, joined.elsewhere, strict=True)
    return {
        "classes": {"seen": joined.seen},
        "images": {},
        "anchors": anchors,
        "owners": joined.owners.tolist(),
        "familiarities": [each.familiar_from for each in joined.trained],
        "parts": _parts(joined.sweep, offsets),
        "elsewhere": {
            "problems": [heading_of(control) | {"parts": _parts(sweep, offsets)} for control, sweep in problems],
            "everyday": _everyday(joined),
        },
    }


def _parts(sweep: ComposedSweep, offsets: Sequence[int]) -> dict[str, Any]:
    """The arrays of a problem, set by set; statistics are told as shares of the logit scale."""
    anchor = sweep.images.anchor + torch.tensor(offsets[:-1])
    return {
        "images": _side(sweep.images) | {"closeness": _by_set(sweep.images.closeness), "anchor": anchor.T.tolist()},
        "classes": _side(sweep.classes),
        "products": [floats(product) for row in sweep.products for product in row],
        "statistics": [None if each is None else floats(each / sweep.logit_scale) for each in sweep.statistics],
    }


def _side(places: Places) -> dict[str, Any]:
    return {
        "nearest": _by_set(places.nearest),
        "pairs": [floats(pair) for pair in places.pairs],
    }


def _by_set(values: torch.Tensor) -> list[str]:
    return [floats(column) for column in values.unbind(dim=1)]


def _everyday(joined: Together) -> dict[str, Any] | None:
    if joined.everyday is None:
        return None
    names, places = joined.everyday
    return {"names": list(names.names), "thresholds": floats(names.thresholds), "parts": _side(places)}


def anchors_payload(trained: TrainedAdapter, rows: Sequence[str]) -> dict[str, list[int]]:
    """The class of each anchor, and the row of the training picture that it is, or that stands for its cluster."""
    number = {name: row for row, name in enumerate(rows)}
    return {
        "label": trained.anchor_labels.tolist(),
        "image": [number.get(name, -1) for name in trained.anchor_names],
    }


def _joined_anchors(joined: Together) -> dict[str, list[int]]:
    """The anchors of all sets, one set after the other, by the classes and rows of all."""
    label, image, start = [], [], 0
    owners, titles = joined.owners[: len(joined.shots.train)], joined.titles
    for index, each in enumerate(joined.trained):
        rows = joined.shots.train.names[start : start + int((owners == index).sum())]
        own = anchors_payload(each, rows if index == 0 else [name.removeprefix(f"{titles[index]}: ") for name in rows])
        label += joined.labels_of(index)[own["label"]].tolist()
        image += [row if row < 0 else start + row for row in own["image"]]
        start += len(rows)
    return {"label": label, "image": image}


def shelf_summary(session: Session) -> dict[str, Any] | None:
    """Every set with its beta and gamma, and what it has right without and with the shelf, in percent among the classes
    of all; None without one."""
    sets, joined = sets_payload(session), together(session)
    if sets is None:
        return None
    told = [{key: each[key] for key in ("name", "title", "beta", "gamma", "on", "why")} for each in sets]
    if joined is not None:
        sweep, masks, on = joined.sweep, masks_of(session), _on(session, joined)
        clip = sweep.predictions(masks, [False] * len(on))
        llu = sweep.predictions(masks, on, statistics=session.statistics)
        acting = [each for each in told if not each["why"]]
        for index, each in enumerate(acting):
            each |= {"clip": accuracies_of(joined, index, clip), "llu": accuracies_of(joined, index, llu)}
    return {"sets": told}


def _on(session: Session, joined: Together) -> list[bool]:
    return [name not in session.resting for name in joined.names]
