"""Names that an update moves noticeably: the formula from three numbers a name, against the moved embeddings."""

import math

import pytest
import torch

from llu_core.data.taught import everyday_names
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.elsewhere.names import EverydayNames, NamesSweep, encode_everyday_names
from llu_core.steps import drain
from support.synthetic import random_adapter, unit_rows
from support.toy_encoder import ToyEncoder

NAMES = EverydayNames.of([f"name {k}" for k in range(60)], unit_rows(60, 16, seed=4))


@pytest.mark.parametrize(("beta", "gamma"), [(0, 5), (1, 0), (0.3, 0), (0.5, 0.4), (1, 2), (1, math.inf)])
def test_the_few_numbers_of_a_name_say_what_its_embedding_says(beta: float, gamma: float):
    adapter = random_adapter(beta=beta, gamma=gamma)
    moved = adapter.text(NAMES.embeddings, beta=beta, gamma=gamma)
    distances = torch.cdist(NAMES.embeddings.double(), NAMES.embeddings.double())
    nearest = distances.fill_diagonal_(torch.inf).amin(dim=1)
    expected = (moved - NAMES.embeddings).norm(dim=1) > nearest / 2
    assert torch.equal(NamesSweep.of(adapter, NAMES).moved(beta=beta, gamma=gamma), expected)


def test_a_case_by_hand():
    """Names at 0, 60 and 180 degrees; everything turns by 20, then by 40 degrees: half of 60 is between."""

    def at(*degrees: float) -> torch.Tensor:
        angles = torch.tensor(degrees) * math.pi / 180
        return torch.stack([angles.cos(), angles.sin()], dim=1)

    def turned(degrees: float) -> LocalizedAdapter:
        update = AffineUpdate(torch.stack([*at(degrees, degrees + 90)], dim=1), torch.zeros(2))
        local = LocalizedUpdate(update, at(270))
        return LocalizedAdapter(local, local)

    names = EverydayNames.of(["a", "b", "c"], at(0, 60, 180))
    assert NamesSweep.of(turned(20), names).count(beta=1, gamma=0) == 0
    assert NamesSweep.of(turned(40), names).moved(beta=1, gamma=0).tolist() == [True, True, False]
    assert NamesSweep.of(turned(40), names).count(beta=0.5, gamma=0) == 0
    assert NamesSweep.of(turned(40), names, ["A"]).names == ("b", "c")


def test_nothing_moves_where_nothing_is_updated():
    twice = EverydayNames.of(["a", "same", "b"], NAMES.embeddings[[0, 0, 1]])
    for names in (NAMES, twice):
        assert NamesSweep.of(random_adapter(), names).count(beta=0, gamma=0) == 0
        assert NamesSweep.of(random_adapter(), names).count(beta=1, gamma=math.inf) == 0


def test_there_are_a_thousand_everyday_names_and_others_for_the_picture_world():
    names = everyday_names("vit-b-16")
    assert len(set(names)) == len(names) == 1000
    assert names[0] == "tench"
    assert "crane" in names
    assert len(set(everyday_names("picto"))) == 450
    assert {"circle", "red circle", "striped fish"} <= set(everyday_names("picto"))


def test_names_are_encoded_in_steps():
    steps = []
    found = drain(encode_everyday_names(ToyEncoder(), "picto"), steps.append)
    assert steps == [(0, 450), (128, 450), (256, 450), (384, 450)]
    assert found.embeddings.shape[0] == len(found.thresholds) == 450
