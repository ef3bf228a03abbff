"""The adapter as a module of PyTorch: the same logits, in every form that modules have."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from llu_core.bridges.module import AdapterModule
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from support.synthetic import problem, random_adapter, unit_rows

P = problem(base=5, new=4, shots=5, width=24)
IMAGES, TEXTS = torch.cat([P.test.embeddings, P.train.embeddings]), P.class_embeddings
ADAPTERS = {
    "plain": fit(P),
    "with statistics": fit(P, RECIPES["best"]),
    "far from the identity": random_adapter(24, beta=0.9, gamma=3),
    "shared": random_adapter(24, shared=True),
}
MASKS = [(0.5, 20.0), (1.0, 0.0), (0.1, 2.0), (0.7, math.inf), (0.0, 3.0)]


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> LocalizedAdapter:
    return ADAPTERS[request.param]


def close(found: Tensor, expected: Tensor, tolerance: float = 2e-4) -> None:
    torch.testing.assert_close(found.to(expected), expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize(("beta", "gamma"), MASKS)
def test_its_logits_are_the_adapters(adapter: LocalizedAdapter, beta: float, gamma: float):
    masked = adapter.with_mask(beta=beta, gamma=gamma)
    module = AdapterModule(masked)
    close(module(IMAGES, TEXTS), masked.logits(IMAGES, TEXTS))
    close(module(IMAGES * 7, TEXTS.double() / 3), masked.logits(IMAGES, TEXTS))
    assert module(IMAGES[:0], TEXTS).shape == (0, len(TEXTS))


def test_embeddings_of_another_width_are_one_sentence():
    module = AdapterModule(ADAPTERS["plain"])
    with pytest.raises(LluError, match="image embeddings are 8 wide but the adapter was trained on 24"):
        module(unit_rows(2, 8), TEXTS)
    with pytest.raises(LluError, match=r"class embeddings are of shape \(24,\)"):
        module(IMAGES, TEXTS[0])


def test_what_it_is_comes_back_as_an_adapter(adapter: LocalizedAdapter):
    back = AdapterModule(adapter).adapter()
    assert back.shared == adapter.shared
    torch.testing.assert_close(back.logits(IMAGES, TEXTS), adapter.logits(IMAGES, TEXTS), atol=1e-4, rtol=0)
    module = AdapterModule(adapter)
    with torch.no_grad():
        module.beta.fill_(1.5)
    with pytest.raises(LluError, match=r"beta is 1\.5"):
        module.adapter()


def test_its_numbers_are_its_own():
    module = AdapterModule(ADAPTERS["plain"])
    before = ADAPTERS["plain"].image.update.bias.clone()
    with torch.no_grad():
        module.image.update.bias.add_(1)
    assert torch.equal(ADAPTERS["plain"].image.update.bias, before)


def test_a_state_travels_to_another_module(adapter: LocalizedAdapter):
    module = AdapterModule(adapter)
    other = AdapterModule(adapter.with_mask(beta=0.1, gamma=1))
    with torch.no_grad():
        for name, parameter in other.named_parameters():
            parameter.add_(0.0 if name in ("beta", "gamma") else 0.3)
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(IMAGES, TEXTS), module(IMAGES, TEXTS))
    assert torch.equal(copy.deepcopy(module)(IMAGES, TEXTS), module(IMAGES, TEXTS))


def test_parameters_and_buffers_are_what_they_should_be():
    module = AdapterModule(ADAPTERS["shared"])
    assert {name for name, _ in module.named_parameters()} == {
        "beta", "gamma", "image.update.weight", "image.update.bias",
    }  # fmt: skip
    assert {name for name, _ in module.named_buffers()} == {"logit_scale", "image.anchors", "text.anchors"}


@pytest.mark.parametrize(
    ("kind", "tolerance"), [(torch.float16, 0.1), (torch.bfloat16, 1.0), (torch.float64, 1e-4)], ids=str
)
def test_other_precisions_round_what_comes_out(adapter: LocalizedAdapter, kind: torch.dtype, tolerance: float):
    masked = adapter.with_mask(beta=0.75, gamma=8)
    module = AdapterModule(masked).to(kind)
    found = module(IMAGES.to(kind), TEXTS.to(kind))
    assert found.dtype == kind
    close(found, masked.logits(IMAGES, TEXTS), tolerance)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_still_knows_an_anchor_from_its_neighbours(kind: torch.dtype):
    masked = ADAPTERS["far from the identity"].with_mask(beta=1, gamma=math.inf)
    images = torch.cat([masked.image.anchors, IMAGES])
    close(AdapterModule(masked).to(kind)(images.to(kind), TEXTS.to(kind)), masked.logits(images, TEXTS), 1.0)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16], ids=str)
def test_statistics_of_shots_that_nearly_agree_stay_finite_in_half_precision(kind: torch.dtype):
    near = replace(P.train, embeddings=TEXTS[P.train.labels] + 1e-3 * unit_rows(len(P.train), 24))
    adapter = fit(replace(P, train=near), replace(RECIPES["best"], statistics=1e-4))
    assert adapter.statistics is not None
    assert adapter.statistics.closed_form.precision.abs().max() > torch.finfo(torch.float16).max
    assert AdapterModule(adapter).to(kind)(IMAGES.to(kind), TEXTS.to(kind)).isfinite().all()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16], ids=str)
def test_autocast_changes_nothing(adapter: LocalizedAdapter, kind: torch.dtype):
    module = AdapterModule(adapter)
    with torch.autocast("cpu", dtype=kind):
        found = module(IMAGES, TEXTS)
    assert torch.equal(found, module(IMAGES, TEXTS))


@pytest.mark.parametrize(("beta", "gamma"), [(0.5, 20.0), (0.0, 3.0), (0.1, 5.0), (0.9, 0.5)])
def test_gradients_reach_beta_and_gamma(adapter: LocalizedAdapter, beta: float, gamma: float):
    module = AdapterModule(adapter).double()
    given = IMAGES[:5].double(), TEXTS.double()
    mask = tuple(torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (beta, gamma))

    def logits(beta: Tensor, gamma: Tensor) -> Tensor:
        return torch.func.functional_call(module, {"beta": beta, "gamma": gamma}, given)

    assert torch.autograd.gradcheck(logits, mask)


def test_gradients_reach_everything_and_stay_finite_at_the_ends(adapter: LocalizedAdapter):
    for beta, gamma in [*MASKS, (0.5, 1e30)]:
        module = AdapterModule(adapter.with_mask(beta=beta, gamma=gamma))
        images, texts = IMAGES.clone().requires_grad_(), TEXTS.clone().requires_grad_()
        module(images, texts).logsumexp(dim=1).sum().backward()
        for tensor in (*module.parameters(), images, texts):
            assert tensor.grad is not None
            assert tensor.grad.isfinite().all()


def test_a_mask_can_be_learned():
    module = AdapterModule(ADAPTERS["far from the identity"].with_mask(beta=0.9, gamma=1))
    optimizer = torch.optim.Adam([module.beta], lr=0.05)
    losses = []
    for _ in range(10):
        loss = torch.nn.functional.cross_entropy(module(P.test.embeddings, TEXTS), P.test.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert module.adapter().beta < 0.9


def test_it_is_compiled_as_a_whole(adapter: LocalizedAdapter):
    torch.compiler.reset()
    module = AdapterModule(adapter)
    compiled = torch.compile(module, fullgraph=True, dynamic=True, backend="aot_eager")
    for rows in (IMAGES, IMAGES[:5], IMAGES[:1]):
        close(compiled(rows, TEXTS), module(rows, TEXTS))


def test_it_is_exported_for_any_number_of_pictures_and_classes(adapter: LocalizedAdapter):
    module = AdapterModule(adapter).eval()
    sizes = {0: torch.export.Dim("pictures")}, {0: torch.export.Dim("classes")}
    exported = torch.export.export(module, (IMAGES, TEXTS), dynamic_shapes=sizes).module()
    for pictures, classes in ((len(IMAGES), 9), (3, 2), (1, 1)):
        close(exported(IMAGES[:pictures], TEXTS[:classes]), module(IMAGES[:pictures], TEXTS[:classes]))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_logits_of_the_cpu(adapter: LocalizedAdapter):
    module = AdapterModule(adapter).to("cuda")
    close(module(IMAGES.cuda(), TEXTS.cuda()).cpu(), adapter.logits(IMAGES, TEXTS), 2e-3)
    with torch.autocast("cuda"):
        close(module(IMAGES.cuda(), TEXTS.cuda()).cpu(), adapter.logits(IMAGES, TEXTS), 2e-3)
