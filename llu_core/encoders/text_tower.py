"""The text tower of an open_clip model, opened up so that gradients reach the words of a prompt.

The weights stay frozen; what is learned takes the place of some token embeddings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from llu_core.encoders.encoder import Encoder, OpenClipEncoder
from llu_core.encoders.model_table import BACKBONES, PHOTO
from llu_core.errors import LluError

_HELD = 2**25
"""Values that one layer's width times layers times tokens may come to before prompts are encoded in portions."""

_PARTS = ("token_embedding", "positional_embedding", "transformer", "ln_final", "attn_mask", "text_projection")
_POOLS = ("argmax", "eos")
"""What open_clip calls reading a text's embedding at its end."""


def models_with_towers() -> tuple[str, ...]:
    """The models of the table through whose text tower prompts can be learned, by open_clip's description of them."""
    from open_clip import get_model_config

    names = []
    for name, backbone in BACKBONES.items():
        text = (get_model_config(backbone.model) or {}).get("text_cfg") if backbone.model != PHOTO else None
        if text and "hf_model_name" not in text and text.get("pool_type", _POOLS[0]) in _POOLS:
            names.append(name)
    return tuple(names)


@dataclass(frozen=True, eq=False)
class Prompts:
    """One prompt per class, with a slot that a learned context fills.

    tokens: (C, L) int64; embeddings: (C, L, w), what the tower makes of them; the slot: `length` tokens from `start`.
    """

    tokens: Tensor
    embeddings: Tensor
    start: int
    length: int

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def context(self) -> Tensor:
        """(length, w): what the slot holds in the prompts as they were written."""
        return self.embeddings[0, self.start : self.start + self.length]

    def filled(self, labels: Tensor, contexts: Tensor) -> Tensor:
        """(m, L, w): the prompts of the classes `labels` (m,), each with its own context (m, length, w)."""
        rows = self.embeddings[labels]
        return torch.cat([rows[:, : self.start], contexts, rows[:, self.start + self.length :]], dim=1)


@dataclass(frozen=True, eq=False)
class TextTower:
    """Token embeddings, transformer, final norm and projection of an open_clip text tower pooled at the end of text."""

    parts: Any
    pool: str
    end_token: int
    encoder: OpenClipEncoder

    @classmethod
    def of(cls, encoder: Encoder | None) -> "TextTower":
        """The tower of an OpenClipEncoder, cached or not. Raises LluError, naming what would do, for anything else."""
        plain = getattr(encoder, "encoder", encoder)
        if plain is None:
            raise LluError("prompt learners train through a text tower, and embeddings have none; give them pictures")
        if not isinstance(plain, OpenClipEncoder):
            raise LluError(f"{plain.title} has no open_clip text tower; prompt learners need an open_clip model")
        model = plain.model
        parts = getattr(model, "text", model)
        pool = getattr(parts, "text_pool_type", getattr(parts, "pool_type", ""))
        odd = getattr(parts, "cls_emb", None) is not None or getattr(parts, "use_pad_mask", False)
        if odd or pool not in _POOLS or not all(hasattr(parts, part) for part in _PARTS):
            raise LluError(
                f"prompts cannot be learned through the text tower of {plain.title}; through those of CLIP's own "
                f"design they can, such as {', '.join(models_with_towers())}"
            )
        return cls(parts, pool, getattr(parts, "text_eos_id", getattr(parts, "eos_id", 2)), plain)

    @property
    def device(self) -> torch.device:
        return self.encoder.device

    @property
    def width(self) -> int:
        """w, of a token embedding."""
        return self.parts.token_embedding.embedding_dim

    def prompts(self, texts: Sequence[str], length: int) -> Prompts:
        """Prompts whose first `length` tokens are the slot; they must be the same in every text.

        Raises LluError where they are not, or the tower has no room for them and a class name.
        """
        tokens, start = self._tokens(texts), self._start()
        room = tokens.shape[1] - start - 2
        if length > room:
            raise LluError(
                f"{length} context tokens do not fit into the {tokens.shape[1]} tokens of {self.encoder.title}; "
                f"use at most {room}"
            )
        slot = tokens[:, start : start + length]
        if not bool((slot == slot[0]).all()):
            raise LluError(f"the tokenizer of {self.encoder.title} joins the context to the class name")
        if self.parts.attn_mask is not None:  # causal: what follows the end of the text changes nothing before it
            tokens = tokens[:, : int(self._ends(tokens).max()) + 1]
        with torch.no_grad():
            embeddings = self.parts.token_embedding(tokens).float()
        return Prompts(tokens, embeddings, start, length)

    def count(self, words: str) -> int:
        """The number of tokens that `words` are."""
        return int(self._ends(self._tokens([words]))[0]) - self._start()

    def encode(self, prompts: Prompts, contexts: Tensor) -> Tensor:
        """(B, C, d) unit rows: every prompt with each of the contexts (B, length, w); gradients reach the contexts.

        Large jobs run in portions that are computed again on the way back, so that memory holds one of them.
        """
        count, classes = len(contexts) * len(prompts), len(prompts)
        size = max(1, _HELD // (self.width * len(self.parts.transformer.resblocks) * prompts.tokens.shape[1]))
        again = torch.is_grad_enabled() and count > size
        rows = []
        for indices in torch.arange(count, device=self.device).split(size):
            labels = indices % classes
            chosen = contexts[indices // classes]
            if again:
                rows.append(checkpoint(self._rows, prompts, labels, chosen, use_reentrant=False))
            else:
                rows.append(self._rows(prompts, labels, chosen))
        return torch.cat(rows).reshape(len(contexts), classes, -1)

    def _rows(self, prompts: Prompts, labels: Tensor, contexts: Tensor) -> Tensor:
        """(m, d) unit rows; the arithmetic is float32 whatever the encoder's precision."""
        parts, tokens = self.parts, prompts.tokens[labels]
        length = tokens.shape[1]
        mask = None if parts.attn_mask is None else parts.attn_mask[:length, :length]
        x = prompts.filled(labels, contexts) + parts.positional_embedding[:length]
        x = parts.ln_final(parts.transformer(x, attn_mask=mask))
        x = x[torch.arange(len(x), device=x.device), self._ends(tokens)]
        if isinstance(parts.text_projection, torch.nn.Module):
            x = parts.text_projection(x)
        elif parts.text_projection is not None:
            x = x @ parts.text_projection
        return F.normalize(x, dim=-1)

    def _tokens(self, texts: Sequence[str]) -> Tensor:
        return self.encoder.tokenize(list(texts)).to(self.device)

    def _ends(self, tokens: Tensor) -> Tensor:
        """(n,): where each text ends, the index its embedding is read from."""
        if self.pool == "eos":
            return (tokens == self.end_token).int().argmax(dim=-1)
        return tokens.argmax(dim=-1)

    def _start(self) -> int:
        """1 where the tokenizer begins every text with the same token, else 0."""
        first = self._tokens(["dog", "cat"])[:, 0]
        return int(first[0] == first[1])
