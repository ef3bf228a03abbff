"""K trainings as one: every step computes the gradients of all of them in closed form, in a few batched products.

The arrays have a leading dimension K; problems of different sizes are padded with rows that count for nothing and with
classes that no picture can be. On a GPU one step is captured as a CUDA graph and replayed, so that nothing waits for
the host.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from llu_core.method.adapter import AffineUpdate, LocalizedAdapter
from llu_core.method.recipes import Recipe
from llu_core.method.schedule import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, WEIGHT_DECAY, Batch
from llu_core.method.subspace import Coordinates, Side
from llu_core.method.training import Problem


@dataclass(frozen=True, eq=False)
class Job:
    """One training: its steps are (batch, learning rate); starts: of image and text, None for the identity."""

    problem: Problem
    recipe: Recipe
    steps: Sequence[tuple[Batch, float]]
    starts: tuple[AffineUpdate, AffineUpdate] | None

    @property
    def kind(self) -> tuple:
        """Jobs of one kind can be stacked."""
        recipe, problem = self.recipe, self.problem
        rates = tuple(rate for _, rate in self.steps)
        minibatch = self.steps[0][0].rows is not None
        return recipe.optimizer, recipe.init, recipe.subspace, rates, minibatch, problem.logit_scale, problem.width


@dataclass(frozen=True, eq=False)
class _Points:
    """A modality of the stack: points (K, n, r), inputs (K, n, 1 + q), alpha (K, n, 1)."""

    points: Tensor
    inputs: Tensor
    alpha: Tensor

    @classmethod
    def of(cls, sides: Sequence[Side], alphas: Sequence[Tensor]) -> "_Points":
        # the rows below are no zeros, since their length is divided by
        return cls(
            _padded([side.points for side in sides], rows_of=1.0),
            _padded([side.inputs for side in sides], rows_of=1.0),
            _padded([alpha[:, None] for alpha in alphas]),
        )

    def select(self, rows: Tensor) -> "_Points":
        """rows: (K, m), numbers into the flattened first two dimensions."""
        return _Points(_taken(self.points, rows), _taken(self.inputs, rows), _taken(self.alpha, rows))


@dataclass(frozen=True, eq=False)
class _Moved:
    """Points after eq. 4: z (K, n, r) and what the way back needs, v = g(x) and the lengths before normalising."""

    of: _Points
    v: Tensor
    v_length: Tensor
    z: Tensor
    z_length: Tensor

    @classmethod
    def forward(cls, of: _Points, weight: Tensor, around: Tensor | None) -> "_Moved":
        """weight: A (K, 1 + q, r); around: what A is added to, iota x, or None where A is all of W."""
        v = torch.bmm(of.inputs, weight) if around is None else torch.baddbmm(around, of.inputs, weight)
        v_length = torch.linalg.vector_norm(v, dim=2, keepdim=True)
        z = torch.lerp(of.points, v.div_(v_length), of.alpha)
        z_length = torch.linalg.vector_norm(z, dim=2, keepdim=True)
        return cls(of, v, v_length, z.div_(z_length), z_length)

    def backward(self, gradient: Tensor) -> Tensor:
        """The gradient of W x + b from that of z, both (K, n, r)."""
        along = (gradient * self.z).sum(dim=2, keepdim=True)
        back = torch.addcmul(gradient, along, self.z, value=-1).mul_(self.of.alpha / self.z_length)
        along = (back * self.v).sum(dim=2, keepdim=True)
        return back.addcmul_(along, self.v, value=-1).div_(self.v_length)


class Stack:
    """Jobs of one kind, trained together by `run`."""

    def __init__(self, jobs: Sequence[Job]):
        self.jobs = jobs
        self.coordinates = [Coordinates.of(job.problem, job.recipe) for job in jobs]
        self.device = jobs[0].problem.images.device
        self.scale = jobs[0].problem.logit_scale
        self.around_identity = jobs[0].recipe.init == "identity"
        self.adam = jobs[0].recipe.optimizer == "adam"
        self.leaves_out = self.coordinates[0].leaves_out
        problems = [job.problem for job in jobs]
        self.images = _Points.of([c.image for c in self.coordinates], [p.image_alpha for p in problems])
        self.texts = _Points.of([c.text for c in self.coordinates], [p.text_alpha for p in problems])
        self.targets = _padded([p.targets[:, None] for p in problems])
        self.minus_one = torch.full((1, 1, 1), -1.0, device=self.device)
        self.no_class = self._no_class([len(p.texts) for p in problems])
        self._make_tables()
        self._make_parameters()

    def _no_class(self, counts: list[int]) -> Tensor:
        """(K, 1, C), or (1, 1, 1) where all problems have as many classes: minus infinity where there is none."""
        if min(counts) == max(counts):
            return torch.zeros(1, 1, 1, device=self.device)
        absent = torch.arange(max(counts)) >= torch.tensor(counts)[:, None]
        return torch.zeros(absent.shape).masked_fill_(absent, -math.inf)[:, None].to(self.device)

    def _make_tables(self) -> None:
        """What changes from step to step, all of it known beforehand: rates, batches, iota."""
        rates = torch.tensor([rate for _, rate in self.jobs[0].steps], dtype=torch.float64)
        count = torch.arange(1, len(rates) + 1)
        self.rates = self._here(rates / (1 - ADAM_BETAS[0] ** count) if self.adam else rates)
        self.spreads = self._here(1 / (1 - ADAM_BETAS[1] ** count))
        lam = torch.tensor([job.recipe.lam for job in self.jobs], dtype=torch.float64)
        width = self.jobs[0].problem.width
        self.weight_pull, self.bias_pull = 2 * lam / width**2, 2 * lam / width
        iota, self.last_iota = _identity_shares(rates, self.weight_pull, self._decay)
        self.iota = self._here(iota)[..., None, None]
        self.rows, self.weights = self._batches()

    @property
    def _decay(self) -> float:
        return 0.0 if self.adam else WEIGHT_DECAY

    def _here(self, table: Tensor) -> Tensor:
        return table.float().to(self.device)

    def _batches(self) -> tuple[Tensor | None, Tensor]:
        """Row numbers (steps, K, m), None for all rows, and what each row counts: (K, m, 1) or (steps, K, m, 1)."""
        if self.jobs[0].steps[0][0].rows is None:
            counts = [len(job.problem.targets) for job in self.jobs]
            return None, self._here(_padded([torch.full((count, 1), self.scale / count) for count in counts]))
        numbers, weights = [], []
        for place, job in enumerate(self.jobs):
            chosen = [batch.rows for batch, _ in job.steps if batch.rows is not None]
            numbers.append(pad_sequence(chosen) + place * self.images.points.shape[1])
            weights.append(pad_sequence([torch.full(each.shape, self.scale / len(each)) for each in chosen]))
        rows, counts = (pad_sequence(each).permute(2, 1, 0).contiguous() for each in (numbers, weights))
        return rows.to(self.device), self._here(counts)[..., None]

    def _make_parameters(self) -> None:
        """One flat vector, so that the optimiser's work is one pass, and a view of it for each modality."""
        count, rank = len(self.jobs), self.images.points.shape[2]
        shapes = [(count, side.inputs.shape[2], rank) for side in (self.images, self.texts)]
        sizes = [math.prod(shape) for shape in shapes]
        self.flat = torch.zeros(sum(sizes), device=self.device)
        self.gradient, self.first = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.second = torch.zeros_like(self.flat) if self.adam else self.first
        self.parts, self.gradients = (
            [part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True)]
            for flat in (self.flat, self.gradient)
        )
        self.pulls = [self._pull(shape[1]) for shape in shapes]
        self.home = 0 if self.around_identity else self._here(self.weight_pull)[:, None]
        self._start()

    def _pull(self, inputs: int) -> Tensor:
        """(K, 1 + q, 1): how strongly eq. 6 and the decay draw the rows of A back; the first one is the bias."""
        of_rows = self.weight_pull[:, None].expand(-1, inputs).clone()
        of_rows[:, 0] = self.bias_pull
        return self._here(of_rows + self._decay)[..., None]

    def _start(self) -> None:
        for state in (self.flat, self.first, self.second):
            state.zero_()
        for place, job in enumerate(self.jobs):
            for part, start in zip(self.parts, job.starts or (), strict=False):
                part[place] = torch.cat([start.bias[None], start.weight.T])

    def run(self) -> list[LocalizedAdapter]:
        """Train to the end; an adapter per job, on the CPU."""
        with torch.inference_mode():
            if self.device.type != "cuda" or not self._replayed():
                for step in range(len(self.rates)):
                    self._step(step)
        return [self._adapter(place) for place in range(len(self.jobs))]

    def _adapter(self, place: int) -> LocalizedAdapter:
        job, where, updates = self.jobs[place], self.coordinates[place], []
        iota = self.last_iota[place].item() if self.around_identity else 0.0
        for part, side in zip(self.parts, (where.image, where.text), strict=True):
            within = part[place, : side.inputs.shape[1], where.leaves_out : side.points.shape[1]]
            updates.append(where.lifted(side, within[1:], within[0], iota))
        return job.problem.adapter(job.recipe, *updates)

    def _replayed(self) -> bool:
        """Run every step by replaying one captured CUDA graph; False, and back at the start, if that cannot be."""
        counter = torch.zeros(1, dtype=torch.int64, device=self.device)
        graph, side = torch.cuda.CUDAGraph(), torch.cuda.Stream(self.device)
        side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(side):
            self._step(counter)  # libraries set themselves up at first use, which cannot be captured
        torch.cuda.current_stream(self.device).wait_stream(side)
        try:
            with torch.cuda.graph(graph):
                self._step(counter)
                counter += 1
        except RuntimeError:
            self._start()
            return False
        self._start()
        counter.zero_()
        for _ in range(len(self.rates)):
            graph.replay()
        return True

    def _step(self, now: int | Tensor) -> None:
        """One optimiser step; `now` is its number, on a GPU as a tensor (1,) that lives there."""
        self.differentiate(now)
        rate = _at(self.rates, now)
        if not self.adam:
            self.first.mul_(MOMENTUM).add_(self.gradient)
            self.flat.addcmul_(self.first, rate, value=-1)
            return
        self.first.lerp_(self.gradient, 1 - ADAM_BETAS[0])
        self.second.mul_(ADAM_BETAS[1]).addcmul_(self.gradient, self.gradient, value=1 - ADAM_BETAS[1])
        spread = self.second.mul(_at(self.spreads, now)).sqrt_().add_(ADAM_EPSILON)
        self.flat.addcmul_(torch.div(self.first, spread, out=spread), rate, value=-1)

    def differentiate(self, now: int | Tensor) -> None:
        """The gradients of eq. 3 and 6, by the chain rule from the logits back through eq. 4."""
        images, targets, weights = self.images, self.targets, self.weights
        if self.rows is not None:
            rows, weights = _at(self.rows, now), _at(self.weights, now)
            images, targets = images.select(rows), _taken(targets, rows)
        image = _Moved.forward(images, self.parts[0], self._around(images, now))
        text = _Moved.forward(self.texts, self.parts[1], self._around(self.texts, now))
        logits = torch.baddbmm(self.no_class, image.z, text.z.mT, alpha=self.scale)
        errors = logits.softmax(dim=2)
        errors.scatter_add_(2, targets, self.minus_one.expand_as(targets)).mul_(weights)
        self._collect(0, image, torch.bmm(errors, text.z))
        self._collect(1, text, torch.bmm(errors.mT, image.z))

    def _around(self, side: _Points, now: int | Tensor) -> Tensor | None:
        """iota x, to which A adds; None where training started at random, so that A is all of W."""
        if not self.around_identity:
            return None
        return side.points * _at(self.iota, now) if self._decay else side.points

    def _collect(self, part: int, moved: _Moved, gradient: Tensor) -> None:
        """The gradient of one modality's A from that of its z, drawn back as eq. 6 and the decay do."""
        back, into = moved.backward(gradient), self.gradients[part]
        torch.bmm(moved.of.inputs.mT, back, out=into).addcmul_(self.parts[part], self.pulls[part])
        if self.leaves_out:
            into[..., 0] = 0  # what the basis leaves out is no direction to move in
        if not self.around_identity:
            into[:, 1:].diagonal(dim1=1, dim2=2).sub_(self.home)


def _identity_shares(rates: Tensor, pull: Tensor, decay: float) -> tuple[Tensor, Tensor]:
    """iota before every step (steps, K) and after the last one (K,): only eq. 6 and the decay move it."""
    iota, momentum, before = torch.ones_like(pull), torch.zeros_like(pull), []
    for rate in rates.tolist():
        before.append(iota)
        if decay:
            momentum = MOMENTUM * momentum + pull * (iota - 1) + decay * iota
            iota = iota - rate * momentum
    return torch.stack(before), iota


def _at(table: Tensor, now: int | Tensor) -> Tensor:
    return table[now] if isinstance(now, int) else table.index_select(0, now)[0]


def _taken(values: Tensor, rows: Tensor) -> Tensor:
    """values (K, n, r) and rows (K, m), numbers into K * n -> (K, m, r)."""
    return values.flatten(0, 1).index_select(0, rows.flatten()).view(*rows.shape, values.shape[2])


def _padded(parts: Sequence[Tensor], rows_of: float = 0.0) -> Tensor:
    """(n_k, r_k) each -> (K, n, r): zeros to the right, rows of `rows_of` below."""
    if len(parts) == 1:
        return parts[0][None]
    columns = max(part.shape[1] for part in parts)
    widened = [F.pad(part, (0, columns - part.shape[1])) for part in parts]
    return pad_sequence(widened, batch_first=True, padding_value=rows_of)
