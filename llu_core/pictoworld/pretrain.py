"""Pretraining of the embedded model, from nothing: `python -m llu_core.pictoworld.pretrain`.

A small open_clip model (ModifiedResNet and a text transformer) learns to match rendered pictures with captions.
Captions name any subset of the attributes, so in a batch many captions are true of many pictures; since the
program knows which, a pair that is true but not the sampled one is left out of the contrast instead of being
pushed apart. A run can be stopped at any time and continues from its last finished epoch.
"""

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from open_clip import CLIP, create_model_and_transforms, get_tokenizer
from safetensors.torch import load_file, save
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

from llu_core.files.writing import write_text, write_whole
from llu_core.pictoworld.batches import (
    COARSE,
    FINE,
    MIXED,
    TRAINING_STREAM,
    Composition,
    augment,
    draw_batch,
    fresh_captions,
    render_pool,
    truth_matrix,
)
from llu_core.pictoworld.exam import examine
from llu_core.pictoworld.render import SIDE

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


@dataclass(frozen=True)
class Curriculum:
    """Everything that decides the run's outcome, apart from the machine's arithmetic.

    First `coarse_epochs` with batches of few shapes or colours, then mixed batches, and at last
    `fine_epochs` whose groups differ by texture and count alone. An epoch shows as many pictures as the pool holds.
    """

    pictures: int = 200_000
    epochs: int = 12
    coarse_epochs: int = 3
    fine_epochs: int = 7
    batch: int = 256
    learning_rate: float = 2e-3
    fine_learning_rate: float = 1.5e-3
    horizon: int = 9
    weight_decay: float = 0.05
    warmup_steps: int = 500
    seed: int = 0

    @property
    def steps_per_epoch(self) -> int:
        return self.pictures // self.batch

    def composition(self, epoch: int) -> Composition:
        """How the batches of an epoch, counted from 0, are made up."""
        if epoch >= self.epochs - self.fine_epochs:
            return FINE
        return COARSE if epoch < self.coarse_epochs else MIXED

    def rate(self, step: int) -> float:
        """Learning rate of a step: linear warm-up and a cosine that would end after `horizon` epochs; the fine
        epochs start anew and end at zero."""
        fine_start = (self.epochs - self.fine_epochs) * self.steps_per_epoch
        if step >= fine_start:
            return self.fine_learning_rate * _cosine((step - fine_start) / (self.fine_epochs * self.steps_per_epoch))
        warm = min(1.0, (step + 1) / self.warmup_steps)
        return self.learning_rate * warm * _cosine(step / (self.horizon * self.steps_per_epoch))


def _cosine(progress: float) -> float:
    """A cosine that falls from 1 to 0 while progress goes from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def contrastive_loss(
    images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor, true: torch.Tensor
) -> torch.Tensor:
    """Symmetric cross entropy over unit rows (n, d); true pairs off the diagonal are left out of the contrast."""
    logits = scale * texts @ images.T
    others = true & ~torch.eye(len(true), dtype=torch.bool, device=true.device)
    logits = logits.masked_fill(others, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


class Pretraining:
    """One run: the model, its optimiser, and the folder that holds its progress."""

    def __init__(self, curriculum: Curriculum, folder: Path, device: torch.device):
        torch.manual_seed(curriculum.seed)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "open_clip_config.json", json.dumps(MODEL_CONFIG, indent=2) + "\n")
        self.curriculum, self.folder, self.device = curriculum, folder, device
        name = f"local-dir:{folder}"
        self.model = cast(CLIP, create_model_and_transforms(name, load_weights=False)[0]).to(device)
        self.model.to(memory_format=torch.channels_last)
        self.tokenize = get_tokenizer(name)
        decay = [p for p in self.model.parameters() if p.ndim > 1]
        plain = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": curriculum.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=curriculum.learning_rate, betas=(0.9, 0.98))
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
        content = save(state | {"epoch": torch.tensor(epoch)})
        write_whole(self._progress_file, lambda file: file.write(content))

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
        self.steps_done = done * self.curriculum.steps_per_epoch
        return done

    def _encode_images(self, pictures: np.ndarray) -> torch.Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(pictures)).to(self.device).permute(0, 3, 1, 2)
        return self.model.encode_image((pixels / 255 - 0.5) / 0.25, normalize=True)

    def _encode_texts(self, sentences: list[str]) -> torch.Tensor:
        return self.model.encode_text(self.tokenize(sentences).to(self.device), normalize=True)

    def train_epoch(self, epoch: int, pictures: np.ndarray, codes: np.ndarray) -> float:
        """Train on as many pictures as the pool holds, with fresh captions; returns the mean loss."""
        rng = np.random.default_rng([self.curriculum.seed, TRAINING_STREAM, self.curriculum.pictures, epoch])
        self.model.train()
        composition = self.curriculum.composition(epoch)
        losses = []
        bar = tqdm(range(self.curriculum.steps_per_epoch), desc=f"epoch {epoch + 1}")
        for _ in bar:
            rows = draw_batch(codes, self.curriculum.batch, composition, rng)
            captions = fresh_captions(codes[rows], rng, composition.texture_rate)
            losses.append(self._step(augment(pictures[rows], rng), codes[rows], *captions))
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
        return float(np.mean(losses))

    def _step(self, pictures: np.ndarray, codes: np.ndarray, sentences: list[str], stated: np.ndarray) -> float:
        true = truth_matrix(torch.from_numpy(stated), torch.from_numpy(codes.astype(np.int64))).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            images, texts = self._encode_images(pictures), self._encode_texts(sentences)
        loss = contrastive_loss(images.float(), texts.float(), self.model.logit_scale.exp(), true)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.curriculum.rate(self.steps_done)
        self.optimizer.step()
        self.steps_done += 1
        with torch.no_grad():
            self.model.logit_scale.clamp_(max=np.log(100))
        return loss.item()

    @torch.no_grad()
    def calibrate(self, pictures: np.ndarray, batches: int = 24) -> None:
        """Measure the normalisation statistics on random pictures; those that training leaves are of its batches."""
        norms = [module for module in self.model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        momentum = norms[0].momentum
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain average over the batches that follow
        self.model.train()
        rng = np.random.default_rng([self.curriculum.seed, TRAINING_STREAM])
        for _ in range(batches):
            self._encode_images(pictures[np.sort(rng.choice(len(pictures), self.curriculum.batch))])
        for norm in norms:
            norm.momentum = momentum

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
        content = save(weights)
        write_whole(target / "open_clip_model.safetensors", lambda file: file.write(content))
        for name in ("open_clip_config.json", "training_log.jsonl"):
            write_text(target / name, (self.folder / name).read_text(encoding="utf-8"))


def pretrain(
    curriculum: Curriculum, folder: Path, target: Path, device: torch.device, *, until: int | None = None
) -> None:
    """Render, train with one log line per epoch, and export to `target`; `until` stops after that epoch instead."""
    run = Pretraining(curriculum, folder, device)
    pictures, codes = render_pool(curriculum.pictures, curriculum.seed, folder)
    log = folder / "training_log.jsonl"
    done = run.resume()
    if not done:
        plan = {"plan": asdict(curriculum), "torch": torch.__version__, "device": str(device)}
        write_text(log, json.dumps(plan) + "\n")
    for epoch in range(done, min(curriculum.epochs, until or curriculum.epochs)):
        start = time.perf_counter()
        loss = run.train_epoch(epoch, pictures, codes)
        run.calibrate(pictures)
        row = {"epoch": epoch + 1, "loss": round(loss, 4), "seconds": round(time.perf_counter() - start)}
        row |= {name: round(score, 1) for name, score in run.examine(seed=1000, pictures=5).items()}
        run.save_progress(epoch + 1)
        with log.open("a") as file:
            file.write(json.dumps(row) + "\n")
        tqdm.write(json.dumps(row))
    if until is None or until >= curriculum.epochs:
        run.export(target)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m llu_core.pictoworld.pretrain", description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=Path("pretraining"), help="folder for pictures and progress (3 GB)"
    )
    parser.add_argument("--out", type=Path, default=Path("assets/picto_clip"), help="folder of the finished model")
    parser.add_argument("--seed", type=int, default=Curriculum.seed)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    curriculum = Curriculum(seed=options.seed)
    pretrain(curriculum, options.work, options.out, torch.device(options.device))


if __name__ == "__main__":
    main()
