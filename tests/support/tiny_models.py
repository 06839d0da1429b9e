"""Tiny random models, their adapters, and what `generate` of transformers makes of them.

Needs torch and transformers, which a test asks for before it imports this.
"""

import functools
import threading
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from pytest_llmops.engine.job import Asked
from pytest_llmops.engine.kvcache import BlockPool
from pytest_llmops.engine.loop import Batcher, Vocabulary

TEXT = """function clampToRange(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
The quick brown fox jumps over the lazy dog; naïve café 日本語 🙂🙂 0123456789 {}[]()<>=+-*/"""
CHAT = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
EOS = 1
SIZES = {
    "vocab_size": 400,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 4096,
    "initializer_range": 0.6,
    "bos_token_id": 0,
    "eos_token_id": EOS,
    "pad_token_id": EOS,
}
SMALL_GPT = {"n_embd": 48, "n_layer": 2, "n_head": 6, "n_positions": 2048}
CONFIGS = {
    "llama": lambda: transformers.LlamaConfig(**SIZES),
    "mistral with a window": lambda: transformers.MistralConfig(**SIZES, sliding_window=50),
    "qwen2": lambda: transformers.Qwen2Config(**SIZES),
    "qwen3": lambda: transformers.Qwen3Config(**SIZES),
    "gemma2": lambda: transformers.Gemma2Config(
        **SIZES, sliding_window=40, query_pre_attn_scalar=8, attn_logit_softcapping=20.0
    ),
    "gpt2": lambda: transformers.GPT2Config(**SIZES | SMALL_GPT),
    "bloom": lambda: transformers.BloomConfig(
        **SIZES | {"initializer_range": 0.3}, n_layer=2, n_head=6
    ),
}


@functools.cache
def tiny_tokenizer():
    """A byte-level BPE tokenizer with two chat tokens; every text is one of its."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    fast.chat_template = CHAT
    return fast


def tiny_model(name="llama"):
    """A random model in float32; the same each time."""
    torch.manual_seed(7)
    model = transformers.AutoModelForCausalLM.from_config(CONFIGS[name]())
    return model.eval().requires_grad_(False)


def save_tiny(folder, name="llama"):
    """Save model and tokenizer as a folder that the engine loads."""
    tiny_model(name).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def generated(model, prompt, count):
    """What `generate` continues a prompt with, greedily, alone in its batch."""
    ids = torch.tensor([prompt])
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False
    )
    return out[0, len(prompt) :].tolist()


class Collected:
    """A batcher whose answers are collected; every job ends with one event."""

    def __init__(self, runner, max_batch=4, rules=None, eos_ids=frozenset({EOS})):
        self._changed = threading.Condition()
        self._last = {}
        self.pool = BlockPool(torch.device("cpu"), torch.float32)
        self.batcher = Batcher(
            runner,
            self.pool,
            vocabulary=Vocabulary(tiny_tokenizer(), eos_ids, rules),
            max_batch=max_batch,
            deliver=self._deliver,
        )

    def _deliver(self, events):
        with self._changed:
            self._last |= {event.job: event for event in events if event.finish}
            self._changed.notify_all()

    def wait(self, jobs):
        with self._changed:
            assert self._changed.wait_for(lambda: all(job in self._last for job in jobs), 60)
            return [self._last[job] for job in jobs]


def asked(prompt, count=24, **changes):
    plain = Asked(prompt, count, 0.0, 1.0, 0, 0, (), "", False)
    return plain._replace(**changes)


def prompts_of(lengths):
    generator = torch.Generator().manual_seed(3)
    return [torch.randint(2, 400, (n,), generator=generator).tolist() for n in lengths]


EVERY_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def save_adapter(folder: Path, seed, name="llama", **changes):
    """A random LoRA adapter, saved by PEFT; `base` is its base model's name."""
    import peft  # noqa: PLC0415 - takes seconds, and few tests need it

    settings = {"r": 4, "lora_alpha": 12, "target_modules": EVERY_LINEAR, "task_type": "CAUSAL_LM"}
    torch.manual_seed(seed)
    model = tiny_model(name)
    model.name_or_path = "models/tiny"
    config = peft.LoraConfig(init_lora_weights=False, **settings | changes)
    adapted = peft.get_peft_model(model, config)
    adapted.save_pretrained(folder, save_embedding_layers=False)
    return adapted.eval()
