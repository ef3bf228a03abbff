"""CoOp's optimiser recipe, as LLU's "paper" recipe and the prompt learners share it."""

import pytest
import torch

from llu_core.method.schedule import (
    ADAM_BETAS,
    ADAM_EPSILON,
    Adam,
    coop_epochs,
    coop_optimizer,
    coop_rate,
    set_rate,
    shuffled_batches,
)


def batches(count: int, size: int, steps: int, seed: int = 0):
    return list(shuffled_batches(count, size, steps, torch.Generator().manual_seed(seed)))


def test_every_epoch_sees_every_row_once_in_an_order_of_its_own():
    found = batches(10, 4, 6)
    assert [batch.epoch for batch in found] == [0, 0, 0, 1, 1, 1]
    rows = [batch.rows for batch in found if batch.rows is not None]
    first, second = (torch.cat(rows[at : at + 3]).tolist() for at in (0, 3))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_a_batch_that_holds_all_needs_no_rows():
    assert [(batch.epoch, batch.step, batch.rows) for batch in batches(5, 32, 2)] == [(0, 0, None), (1, 1, None)]


@pytest.mark.parametrize(
    ("classes", "shots", "epochs"), [(3, 1, 50), (3, 2, 100), (3, 4, 100), (3, 8, 200), (3, 16, 200), (500, 16, 50)]
)
def test_epochs_follow_from_the_shots(classes: int, shots: int, epochs: int):
    assert coop_epochs(torch.arange(classes).repeat(shots)) == epochs


def test_one_epoch_warms_up_then_a_cosine_falls():
    rates = [coop_rate(2e-3, epoch, 50) for epoch in range(50)]
    assert rates[0] == 1e-5
    assert rates[1] == 2e-3
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[26] == pytest.approx(1e-3)


def test_the_optimiser_is_sgd_with_momentum_and_decay():
    settings = coop_optimizer([torch.zeros(2, requires_grad=True)], 2e-3).defaults
    assert (settings["lr"], settings["momentum"], settings["weight_decay"]) == (2e-3, 0.9, 5e-4)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_adam_is_torchs(device: str):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    weights = torch.randn(6, 6, generator=torch.Generator().manual_seed(0)).to(device)
    ours, theirs = ([weights.clone().requires_grad_(), weights[0].clone().requires_grad_()] for _ in range(2))
    optimizers = Adam(ours, 1.0), torch.optim.Adam(theirs, betas=ADAM_BETAS, eps=ADAM_EPSILON, fused=True)
    for rate in (0.07, 0.03, 0.01):
        for optimizer, (weight, bias) in zip(optimizers, (ours, theirs), strict=True):
            set_rate(optimizer, rate)
            optimizer.zero_grad()
            ((weight @ weight + bias) ** 2).sum().backward()
            optimizer.step()
    assert all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))
