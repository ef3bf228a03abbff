"""K trainings as one: every step computes the gradients of all of them in closed form, in a few batched products.

Each modality of each training has its matrix A, (1 + q, r), in the coordinates of `subspace`. Its loss is, over the m
images of a batch, with logits s z_I z_T^T of images z_I (m, r) and class texts z_T (C, r) after eq. 4,

    mean of the cross entropies (eq. 3) + lambda * (mean of (W - I)^2 + mean of b^2), for images and for texts (eq. 6).

With P the softmax of the logits, Y the targets as ones and zeros, and h = W x + b before it is normalised,

    dL/dz_I = s / m (P - Y) z_T    and    dL/dz_T = s / m (P - Y)^T z_I,
    dL/dA = inputs^T dL/dh + 2 lambda / d^2 * A (its first row, b: 2 lambda / d), and SGD's weight decay of A;

`points` has the way from dL/dz to dL/dh. Eq. 6 and the weight decay of iota I, the rest of W, lie outside A:
from the identity they move iota alone, whose course is known before training; from a random start, where A is all of
W, eq. 6 also draws the diagonal of W towards 1.

All arrays have a leading dimension K; trainings of different sizes are padded with rows that count for nothing and with
classes that no picture can be. On a GPU one step is captured as a CUDA graph and replayed, so that nothing waits for
the host.
"""

import math
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from llu_core.method.adapter import AffineUpdate, LocalizedAdapter
from llu_core.method.batched.graph import replay, streams
from llu_core.method.batched.points import BatchedPoints, UpdatedPoints, padded, rows_taken
from llu_core.method.recipes import Recipe
from llu_core.method.schedule import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, WEIGHT_DECAY, Batch
from llu_core.method.subspace import Subspace
from llu_core.method.training import TrainingProblem

IMAGE, TEXT = 0, 1
"""Index of each modality in lists of two."""
TOLD_SECONDS = 0.05
"""So often a training on the CPU tells how far it is."""


@dataclass(frozen=True, eq=False)
class Job:
    """One training: its steps are (batch, learning rate); starts: of image and text, None for the identity."""

    problem: TrainingProblem
    recipe: Recipe
    steps: Sequence[tuple[Batch, float]]
    starts: tuple[AffineUpdate, AffineUpdate] | None

    @property
    def kind(self) -> tuple:
        """Jobs of one kind can be trained together."""
        recipe, problem = self.recipe, self.problem
        rates = tuple(rate for _, rate in self.steps)
        minibatch = self.steps[0][0].rows is not None
        return recipe.optimizer, recipe.init, recipe.subspace, rates, minibatch, problem.logit_scale, problem.width


class BatchedTraining:
    """Jobs of one kind, trained together by `steps`."""

    def __init__(self, jobs: Sequence[Job]):
        self.jobs = jobs
        self.device = jobs[0].problem.images.device
        self.second_stream = streams(self.device)[1] if self.device.type == "cuda" else None
        self.logit_scale = jobs[0].problem.logit_scale
        self.from_identity = jobs[0].recipe.init == "identity"
        self.uses_adam = jobs[0].recipe.optimizer == "adam"
        self._place_points()
        self._tabulate_steps()
        self._make_parameters()

    def _place_points(self) -> None:
        """Images (K, n, r), class texts (K, C, r) and targets (K, n, 1)."""
        problems = list(dict.fromkeys(job.problem for job in self.jobs))  # many jobs may share one
        which = [problems.index(job.problem) for job in self.jobs]
        subspaces = [Subspace.of(problem, self.jobs[0].recipe) for problem in problems]
        self.subspaces = [subspaces[index] for index in which]
        self.leaves_out = self.subspaces[0].leaves_out
        images = BatchedPoints.of([each.image for each in subspaces], [p.image_alpha for p in problems])
        texts = BatchedPoints.of([each.text for each in subspaces], [p.text_alpha for p in problems])
        self.images, self.texts = images.repeated(which), texts.repeated(which)
        self.targets = padded([p.targets[:, None] for p in problems])[which]
        self.minus_one = self._on_device(torch.full((1, 1, 1), -1.0))
        self.absent_classes = self._absent_classes([len(job.problem.texts) for job in self.jobs])

    def _absent_classes(self, counts: list[int]) -> Tensor:
        """(K, 1, C), or (1, 1, 1) where all problems have as many classes: minus infinity where there is none."""
        if min(counts) == max(counts):
            return self._on_device(torch.zeros(1, 1, 1))
        absent = torch.arange(max(counts)) >= torch.tensor(counts)[:, None]
        return self._on_device(torch.zeros(absent.shape).masked_fill_(absent, -math.inf)[:, None])

    def _tabulate_steps(self) -> None:
        """What changes from step to step, all of it known beforehand: learning rates, iota, batches."""
        rates = torch.tensor([rate for _, rate in self.jobs[0].steps], dtype=torch.float64)
        count = torch.arange(1, len(rates) + 1, dtype=torch.float32)
        # Adam divides its two moments by 1 - beta^t: the first one's share goes into the rate, (steps,) both
        self.rates = self._on_device(rates / (1 - ADAM_BETAS[0] ** count) if self.uses_adam else rates)
        self.second_corrections = self._on_device(1 / (1 - ADAM_BETAS[1] ** count))
        lam = torch.tensor([job.recipe.lam for job in self.jobs], dtype=torch.float64)
        width = self.jobs[0].problem.width
        self.weight_pull, self.bias_pull = 2 * lam / width**2, 2 * lam / width  # of eq. 6, (K,) each
        shares, self.last_identity_share = _identity_shares(rates, self.weight_pull, self._decay)
        self.identity_shares = self._on_device(shares)[..., None, None]  # iota, (steps, K, 1, 1)
        self.rows, self.row_weights = self._batches()

    @property
    def _decay(self) -> float:
        return 0.0 if self.uses_adam else WEIGHT_DECAY

    def _on_device(self, table: Tensor) -> Tensor:
        return table.float().to(self.device)

    def _batches(self) -> tuple[Tensor | None, Tensor]:
        """Row numbers (steps, K, m), None for all rows, and s / m for every row that counts, zero for the others:
        (K, m, 1) or (steps, K, m, 1)."""
        if self.jobs[0].steps[0][0].rows is None:
            return None, self._row_weights(torch.tensor([len(job.problem.targets) for job in self.jobs]))
        batches = [[batch.rows for batch, _ in job.steps if batch.rows is not None] for job in self.jobs]
        sizes = torch.tensor([[len(rows) for rows in of_job] for of_job in batches]).T  # (steps, K)
        row_weights = self._row_weights(sizes)
        rows = torch.zeros(row_weights.shape[:-1], dtype=torch.int64)
        for index, of_job in enumerate(batches):
            there = torch.arange(rows.shape[2]) < sizes[:, index, None]
            rows[:, index][there] = torch.cat(of_job)
            rows[:, index] += index * self.images.points.shape[1]
        return rows.to(self.device), row_weights

    def _row_weights(self, sizes: Tensor) -> Tensor:
        """s / m for the first m rows of batches of m = sizes (...), zero below: (..., largest m, 1)."""
        there = torch.arange(int(sizes.max())) < sizes[..., None]
        return self._on_device(there * (self.logit_scale / sizes)[..., None])[..., None]

    def _make_parameters(self) -> None:
        """Every A in one flat vector, so that the optimiser's work is one pass, and a view of it per modality."""
        count, rank = len(self.jobs), self.images.points.shape[2]
        shapes = [(count, points.inputs.shape[2], rank) for points in (self.images, self.texts)]
        sizes = [math.prod(shape) for shape in shapes]
        self.parameters = torch.zeros(sum(sizes), dtype=torch.float32, device=self.device)
        self.gradient, self.first_moment = torch.zeros_like(self.parameters), torch.zeros_like(self.parameters)
        self.second_moment = torch.zeros_like(self.parameters) if self.uses_adam else self.first_moment
        self.matrices, self.matrix_gradients = (
            [part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True)]
            for flat in (self.parameters, self.gradient)
        )
        self.shrinkage = [self._shrinkage(shape[1]) for shape in shapes]
        self.diagonal_pull = self._on_device(self.weight_pull)[:, None]  # of eq. 6 where A is all of W
        for index, job in enumerate(self.jobs):
            for matrix, start in zip(self.matrices, job.starts or (), strict=False):
                matrix[index] = torch.cat([start.bias[None], start.weight.T])

    def _shrinkage(self, inputs: int) -> Tensor:
        """(K, 1 + q, 1): how strongly eq. 6 and the decay draw each row of A to zero; the first one is the bias."""
        of_rows = self.weight_pull[:, None].expand(-1, inputs).clone()
        of_rows[:, 0] = self.bias_pull
        return self._on_device(of_rows + self._decay)[..., None]

    def steps(self) -> Generator[int, None, list[LocalizedAdapter]]:
        """Train to the end; yields now and then how many steps are taken, and returns an adapter per job, on the CPU.

        On a GPU all steps are one piece of work.
        """
        done = 0
        while done < len(self.rates):
            done = self._advanced(done)
            yield done
        of_subspace: dict[Subspace, list[int]] = {}
        for index, subspace in enumerate(self.subspaces):
            of_subspace.setdefault(subspace, []).append(index)
        adapters: dict[int, LocalizedAdapter] = {}
        for subspace, indices in of_subspace.items():
            adapters |= zip(indices, self._adapters(subspace, indices), strict=True)
        return [adapters[index] for index in range(len(self.jobs))]

    @torch.inference_mode()
    def _advanced(self, done: int) -> int:
        """Take steps from number `done` on for TOLD_SECONDS; how many are taken then."""
        if self.device.type == "cuda":
            replay(self._step, len(self.rates), self.device)
            return len(self.rates)
        until = time.perf_counter() + TOLD_SECONDS
        for step in range(done, len(self.rates)):
            self._step(step)
            if time.perf_counter() > until:
                return step + 1
        return len(self.rates)

    @torch.inference_mode()
    def reading(self) -> tuple[float, float]:
        """Cross entropy (eq. 3) and accuracy in percent that the first job had on the batch of its last step."""
        logits, targets, row_weights = self._last
        there = row_weights[0, :, 0] > 0
        logits, targets = logits[0][there], targets[0, :, 0][there]
        right = (logits.argmax(dim=1) == targets).float().mean()
        return F.cross_entropy(logits, targets).item(), 100.0 * right.item()

    def _adapters(self, subspace: Subspace, indices: list[int]) -> Iterator[LocalizedAdapter]:
        """Of the jobs with these indices, which share a subspace."""
        shares, updates = (self.last_identity_share * self.from_identity).float()[indices], []
        for matrix, coordinates in zip(self.matrices, (subspace.image, subspace.text), strict=True):
            inputs, rank = coordinates.inputs.shape[1], coordinates.points.shape[1]
            trained = matrix[indices, :inputs, subspace.leaves_out : rank]  # without padding and what is left out
            updates.append(subspace.updates(coordinates, trained[:, 1:], trained[:, 0], shares))
        for index, image, text in zip(indices, *updates, strict=True):
            yield self.jobs[index].problem.adapter(self.jobs[index].recipe, image, text)

    def _step(self, now: int | Tensor) -> None:
        """One optimiser step; `now` is its number, on a GPU as a tensor (1,) that lives there."""
        with self._aside():
            rate = _at(self.rates, now)
        self.differentiate(now)
        if not self.uses_adam:
            torch.add(self.gradient, self.first_moment, alpha=MOMENTUM, out=self.first_moment)
            self.parameters.addcmul_(self.first_moment, rate, value=-1)
            return
        self.first_moment.lerp_(self.gradient, 1 - ADAM_BETAS[0])
        self.second_moment.mul_(ADAM_BETAS[1]).addcmul_(self.gradient, self.gradient, value=1 - ADAM_BETAS[1])
        spread = self.second_moment.mul(_at(self.second_corrections, now)).sqrt_().add_(ADAM_EPSILON)
        self.parameters.addcmul_(torch.div(self.first_moment, spread, out=spread), rate, value=-1)

    def differentiate(self, now: int | Tensor) -> None:
        """Compute the gradients of every A at step `now`, from the logits back (the equations are above)."""
        rows = None if self.rows is None else _at(self.rows, now)
        with self._aside():
            targets, row_weights = self.targets, self.row_weights
            if rows is not None:
                targets, row_weights = rows_taken(targets, rows), _at(row_weights, now)
            text = UpdatedPoints.of(self.texts, self.matrices[TEXT], self._identity_part(self.texts, now))
        images = self.images if rows is None else self.images.select(rows)
        image = UpdatedPoints.of(images, self.matrices[IMAGE], self._identity_part(images, now))
        self._meet()
        logits = torch.baddbmm(self.absent_classes, image.z, text.z.mT, alpha=self.logit_scale)
        self._last = logits, targets, row_weights
        errors = logits.softmax(dim=2)  # becomes s / m (P - Y), (K, m, C)
        errors.scatter_add_(2, targets, self.minus_one.expand_as(targets)).mul_(row_weights)
        with self._aside():
            self._collect(TEXT, text, torch.bmm(errors.mT, image.z))
        self._collect(IMAGE, image, torch.bmm(errors, text.z))
        self._meet()

    def _aside(self) -> AbstractContextManager:
        """Work within goes on beside what follows on a GPU, whose kernels are too small to fill it, until `_meet`."""
        if self.second_stream is None:
            return nullcontext()
        self.second_stream.wait_stream(torch.cuda.current_stream(self.device))
        return torch.cuda.stream(self.second_stream)

    def _meet(self) -> None:
        if self.second_stream is not None:
            torch.cuda.current_stream(self.device).wait_stream(self.second_stream)

    def _identity_part(self, points: BatchedPoints, now: int | Tensor) -> Tensor | None:
        """iota x, to which A adds; None where training started at random, so that A is all of W."""
        if not self.from_identity:
            return None
        return points.points * _at(self.identity_shares, now) if self._decay else points.points

    def _collect(self, modality: int, updated: UpdatedPoints, gradient: Tensor) -> None:
        """Write dL/dA of one modality, from dL/dz and what eq. 6 and the decay add."""
        before, into = updated.gradient_before(gradient), self.matrix_gradients[modality]
        torch.bmm(updated.before.inputs.mT, before, out=into)
        into.addcmul_(self.matrices[modality], self.shrinkage[modality])
        if self.leaves_out:
            into[..., 0] = 0  # what the basis leaves out is no direction to move in
        if not self.from_identity:
            into[:, 1:].diagonal(dim1=1, dim2=2).sub_(self.diagonal_pull)


def _identity_shares(rates: Tensor, pull: Tensor, decay: float) -> tuple[Tensor, Tensor]:
    """iota before every step (steps, K) and after the last one (K,): only eq. 6 and the decay move it."""
    if not decay:
        return torch.ones(len(rates), len(pull), dtype=pull.dtype), torch.ones_like(pull)
    different, of_job = pull.unique(return_inverse=True)
    courses = torch.tensor([_course(rates.tolist(), each, decay) for each in different.tolist()], dtype=pull.dtype)
    return courses[of_job, :-1].T, courses[of_job, -1]


def _course(rates: list[float], pull: float, decay: float) -> list[float]:
    """iota before every step and after the last one."""
    share, momentum = 1.0, 0.0
    course = [share]
    for rate in rates:
        momentum = MOMENTUM * momentum + pull * (share - 1) + decay * share
        share -= rate * momentum
        course.append(share)
    return course


def _at(table: Tensor, now: int | Tensor) -> Tensor:
    return table[now] if isinstance(now, int) else table.index_select(0, now)[0]
