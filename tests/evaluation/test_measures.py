"""Measures of one closed problem against cases computed by hand."""

import numpy as np
import pytest
import torch

from llu_core.evaluation.measures import Measures, calibration_error, measured


def test_top_5_recall_and_calibration_by_hand():
    labels = torch.tensor([0, 0, 0, 1])
    logits = torch.zeros(4, 7)
    logits[:3, 0] = 10.0
    logits[3] = torch.arange(7.0)  # class 1 is the sixth best
    found = measured(logits, labels)
    assert found.top5 == pytest.approx(75.0)
    assert found.recall == pytest.approx(50.0)  # all of class 0, none of class 1
    sure, wrong = logits.softmax(dim=1).amax(dim=1)[[0, 3]].tolist()
    assert found.ece == pytest.approx(100 * (3 * (1 - sure) + wrong) / 4, abs=1e-4)


def test_few_classes_have_no_top_5():
    assert measured(torch.eye(5), torch.arange(5)).top5 is None
    assert measured(torch.eye(6), torch.arange(6)).top5 == 100.0


def test_two_classes_and_one_picture_are_enough():
    found = measured(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
    assert found == Measures(None, 100.0, 50.0)


def test_calibration_is_weighted_by_the_pictures_of_fifteen_bins():
    probability = np.array([0.05, 0.05, 0.05, 0.99])
    right = np.array([False, False, True, True])
    assert calibration_error(right, probability) == pytest.approx(100 * (3 * (1 / 3 - 0.05) + (1 - 0.99)) / 4)


def test_it_is_the_sum_over_bins_that_others_compute():
    generator = np.random.default_rng(0)
    probability, right = generator.uniform(size=500), generator.uniform(size=500) < 0.5
    bins = np.minimum((probability * 15).astype(int), 14)
    each = [abs(right[bins == b].mean() - probability[bins == b].mean()) * (bins == b).mean() for b in range(15)]
    assert calibration_error(right, probability) == pytest.approx(100 * sum(each))


def test_a_certain_answer_falls_into_the_last_bin():
    assert calibration_error(np.array([True, False]), np.array([1.0, 1.0])) == pytest.approx(50.0)
