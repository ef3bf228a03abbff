"""Pretraining of the embedded model, from nothing: `python -m llu_core.pictoworld.pretrain`.

A small open_clip model (ModifiedResNet and a text transformer) learns to match rendered pictures with captions.
Captions name any subset of the attributes, so in a batch many captions are true of many pictures; since the
program knows which, a pair that is true but not the sampled one is left out of the contrast instead of being
pushed apart. A run can be stopped at any time and continues from its last finished epoch.
"""

import argparse
import json
import math
import multiprocessing
import time
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np
import torch
from open_clip import create_model_and_transforms, get_tokenizer
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

from llu_core.pictoworld.captions import ATTRIBUTES, caption
from llu_core.pictoworld.exam import examine
from llu_core.pictoworld.render import SIDE, render, sample_scene
from llu_core.pictoworld.vocabulary import BACKDROPS, BACKGROUNDS, COLOURS, COUNTS, SHAPES, SIZES, TEXTURES, Scene

MODEL_CONFIG = {
    "model_cfg": {
        "embed_dim": 128,
        "vision_cfg": {"image_size": SIDE, "layers": [1, 1, 1, 1], "width": 20, "head_width": 64, "patch_size": None},
        "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 48, "heads": 4, "layers": 3},
    },
    "preprocess_cfg": {
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    },
}
_VALUES = (SHAPES, list(COLOURS), TEXTURES, COUNTS, SIZES, list(BACKGROUNDS), BACKDROPS)
_TRAINING_STREAM = 0


@dataclass(frozen=True)
class Plan:
    """Everything that decides the run's outcome, apart from the machine's arithmetic."""

    pictures: int = 200_000
    epochs: int = 9
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warmup_steps: int = 500
    seed: int = 0

    @property
    def steps_per_epoch(self) -> int:
        return self.pictures // self.batch

    def rate(self, step: int) -> float:
        """Learning rate of a step: linear warm-up, then cosine to zero at the end of the plan."""
        warm = min(1.0, (step + 1) / self.warmup_steps)
        return self.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / (self.epochs * self.steps_per_epoch)))


def scene_codes(scene: Scene) -> list[int]:
    """The scene as indices into the vocabulary, in the order of `captions.ATTRIBUTES`."""
    return [list(values).index(value) for values, value in zip(_VALUES, astuple(scene), strict=True)]


def truth_matrix(stated: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """(captions, pictures) bool: whether caption i is true of picture j.

    `stated` (n, 7): the code a caption states per attribute, -1 where it says nothing; `codes` (m, 7).
    """
    return ((stated[:, None] == codes[None]) | (stated[:, None] < 0)).all(-1)


def contrastive_loss(
    images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor, true: torch.Tensor
) -> torch.Tensor:
    """Symmetric cross entropy over unit rows (n, d); true pairs off the diagonal are left out of the contrast."""
    logits = scale * texts @ images.T
    others = true & ~torch.eye(len(true), dtype=torch.bool, device=true.device)
    logits = logits.masked_fill(others, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def _render_one(job: tuple[int, int]) -> tuple[np.ndarray, list[int]]:
    seed, index = job
    rng = np.random.default_rng([seed, _TRAINING_STREAM, index])
    scene = sample_scene(rng, allow_held_out=False)
    return render(scene, rng), scene_codes(scene)


def render_pool(plan: Plan, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The training pictures (n, 64, 64, 3) uint8 and their codes (n, 7), rendered once and kept in `folder`."""
    pictures_file, codes_file = folder / "pictures.npy", folder / "codes.npy"
    if not codes_file.exists():
        shape = (plan.pictures, SIDE, SIDE, 3)
        pictures = np.lib.format.open_memmap(pictures_file, mode="w+", dtype=np.uint8, shape=shape)
        codes = np.empty((plan.pictures, len(ATTRIBUTES)), dtype=np.int8)
        jobs = ((plan.seed, index) for index in range(plan.pictures))
        with multiprocessing.Pool() as workers:
            rendered = workers.imap(_render_one, jobs, chunksize=256)
            for index, (picture, code) in enumerate(tqdm(rendered, total=plan.pictures, desc="rendering")):
                pictures[index], codes[index] = picture, code
        pictures.flush()
        np.save(codes_file, codes)
    return np.load(pictures_file, mmap_mode="r"), np.load(codes_file)


def _captions(codes: np.ndarray, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """A fresh caption per picture, and the codes it states (n, 7), -1 where it says nothing."""
    sentences, stated = [], np.full(codes.shape, -1)
    for row, code in enumerate(codes):
        scene = Scene(*(list(values)[index] for values, index in zip(_VALUES, code, strict=True)))
        sentence, named = caption(scene, rng)
        sentences.append(sentence)
        columns = [ATTRIBUTES.index(name) for name in named]
        stated[row, columns] = code[columns]
    return sentences, stated


def _draw_batch(codes: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of a batch. Three in four batches hold few shapes or few colours only: where those agree, the
    contrast has to come from the texture and the count, which a random batch hardly ever asks for."""
    wanted = np.ones(len(codes), dtype=bool)
    kind = rng.integers(4)
    if kind in (1, 3):
        wanted &= np.isin(codes[:, 0], rng.permutation(len(SHAPES))[: 3 if kind == 1 else 6])
    if kind in (2, 3):
        wanted &= np.isin(codes[:, 1], rng.permutation(len(COLOURS))[: 2 if kind == 2 else 4])
    candidates = np.flatnonzero(wanted)
    return np.sort(rng.choice(candidates, size, replace=len(candidates) < size))


def _augment(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror at random and shift by up to two pixels: cheap variety that no caption mentions."""
    mirrored = rng.random(len(pictures)) < 0.5
    pictures = np.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
    down, right = rng.integers(0, 5, 2)
    return np.pad(pictures, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")[:, down : down + SIDE, right : right + SIDE]


class Pretraining:
    """One run: the model, its optimiser, and the folder that holds its progress."""

    def __init__(self, plan: Plan, folder: Path, device: torch.device):
        torch.manual_seed(plan.seed)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "open_clip_config.json").write_text(json.dumps(MODEL_CONFIG, indent=2) + "\n")
        self.plan, self.folder, self.device = plan, folder, device
        name = f"local-dir:{folder}"
        self.model = create_model_and_transforms(name, load_weights=False)[0].to(
            device, memory_format=torch.channels_last
        )
        self.tokenize = get_tokenizer(name)
        decay = [p for p in self.model.parameters() if p.ndim > 1]
        plain = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": plan.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=plan.learning_rate, betas=(0.9, 0.98))
        self.steps_done = 0

    @property
    def _progress_file(self) -> Path:
        return self.folder / "progress.safetensors"

    def _state(self) -> dict[str, torch.Tensor]:
        """Weights and optimiser moments as one flat dictionary of tensors."""
        state = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
        return state

    def save_progress(self, epoch: int) -> None:
        state = {k: v.contiguous() for k, v in self._state().items()}
        partial = self._progress_file.with_suffix(".partial")
        save_file(state | {"epoch": torch.tensor(epoch)}, partial)
        partial.replace(self._progress_file)

    def resume(self) -> int:
        """Restore the last finished epoch; returns how many epochs are done (0 for a fresh run)."""
        if not self._progress_file.exists():
            return 0
        state = load_file(self._progress_file)
        self.model.load_state_dict({k[6:]: v for k, v in state.items() if k.startswith("model.")})
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in state.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".")
                moments.setdefault(int(index), {})[name] = value
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": moments})
        done = int(state["epoch"])
        self.steps_done = done * self.plan.steps_per_epoch
        return done

    def _encode_images(self, pictures: np.ndarray) -> torch.Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(pictures)).to(self.device).permute(0, 3, 1, 2)
        return self.model.encode_image((pixels / 255 - 0.5) / 0.25, normalize=True)

    def _encode_texts(self, sentences: list[str]) -> torch.Tensor:
        return self.model.encode_text(self.tokenize(sentences).to(self.device), normalize=True)

    def train_epoch(self, epoch: int, pictures: np.ndarray, codes: np.ndarray) -> float:
        """As many pictures as the pool holds, with fresh captions; returns the mean loss."""
        rng = np.random.default_rng([self.plan.seed, _TRAINING_STREAM, self.plan.pictures, epoch])
        self.model.train()
        losses = []
        bar = tqdm(range(self.plan.steps_per_epoch), desc=f"epoch {epoch + 1}")
        for _ in bar:
            rows = _draw_batch(codes, self.plan.batch, rng)
            losses.append(self._step(_augment(pictures[rows], rng), codes[rows], rng))
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
        return float(np.mean(losses))

    def _step(self, pictures: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> float:
        sentences, stated = _captions(codes, rng)
        true = truth_matrix(torch.from_numpy(stated), torch.from_numpy(codes.astype(np.int64))).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            images, texts = self._encode_images(pictures), self._encode_texts(sentences)
        loss = contrastive_loss(images.float(), texts.float(), self.model.logit_scale.exp(), true)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate(self.steps_done)
        self.optimizer.step()
        self.steps_done += 1
        with torch.no_grad():
            self.model.logit_scale.clamp_(max=np.log(100))
        return loss.item()

    @torch.inference_mode()
    def examine(self, *, seed: int, pictures: int) -> dict[str, float]:
        self.model.eval()

        def encode_images(batch: list[np.ndarray]) -> np.ndarray:
            parts = [self._encode_images(np.stack(batch[i : i + 256])) for i in range(0, len(batch), 256)]
            return torch.cat(parts).cpu().numpy()

        def encode_texts(sentences: list[str]) -> np.ndarray:
            return self._encode_texts(sentences).cpu().numpy()

        return examine(encode_images, encode_texts, seed=seed, pictures=pictures)

    def export(self, target: Path) -> None:
        """Write the folder that open_clip's `local-dir:` loads; matrices in half precision, vectors in single."""
        target.mkdir(parents=True, exist_ok=True)
        weights = {k: (v.half() if v.ndim > 1 else v).contiguous() for k, v in self.model.state_dict().items()}
        save_file(weights, target / "open_clip_model.safetensors")
        for name in ("open_clip_config.json", "training_log.jsonl"):
            (target / name).write_text((self.folder / name).read_text())


def pretrain(plan: Plan, folder: Path, target: Path, device: torch.device, *, until: int | None = None) -> None:
    """Render, train with one log line per epoch, and export to `target`; `until` stops after that epoch instead."""
    run = Pretraining(plan, folder, device)
    pictures, codes = render_pool(plan, folder)
    log = folder / "training_log.jsonl"
    done = run.resume()
    if not done:
        log.write_text(json.dumps({"plan": asdict(plan), "torch": torch.__version__, "device": str(device)}) + "\n")
    for epoch in range(done, min(plan.epochs, until or plan.epochs)):
        start = time.perf_counter()
        loss = run.train_epoch(epoch, pictures, codes)
        row = {"epoch": epoch + 1, "loss": round(loss, 4), "seconds": round(time.perf_counter() - start)}
        row |= {name: round(score, 1) for name, score in run.examine(seed=1000, pictures=5).items()}
        run.save_progress(epoch + 1)
        with log.open("a") as file:
            file.write(json.dumps(row) + "\n")
        tqdm.write(json.dumps(row))
    if until is None or until >= plan.epochs:
        run.export(target)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m llu_core.pictoworld.pretrain", description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=Path("pretraining"), help="folder for pictures and progress (3 GB)"
    )
    parser.add_argument("--out", type=Path, default=Path("assets/picto_clip"), help="folder of the finished model")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--pictures", type=int, default=Plan.pictures)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    plan = Plan(pictures=options.pictures, epochs=options.epochs, seed=options.seed)
    pretrain(plan, options.work, options.out, torch.device(options.device))


if __name__ == "__main__":
    main()
