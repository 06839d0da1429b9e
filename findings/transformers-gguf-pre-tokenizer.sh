#!/usr/bin/env bash
# transformers 5.24.0: a tokenizer from a GGUF file may cut text as GPT-2 does where the file names another rule.
#
# A GGUF file has the vocabulary and merges of a byte-level BPE tokenizer, and under `tokenizer.ggml.pre` the name of the
# rule by which text is cut before merging. `AutoTokenizer.from_pretrained(..., gguf_file=...)` follows some names
# (`qwen2`, `llama-bpe`, `tekken`). For others that llama.cpp knows, such as `smollm` and `starcoder`, which cut digits off
# one by one first, or `deepseek-coder`, there is neither error nor warning: text is cut by GPT-2's expression. So the same
# file counts otherwise in two programs, by a token or two in a prompt with blanks before a number, and the model sees
# tokens that training never showed it there: four blanks before a digit are one token by the rule, and more as loaded.
#
# Needs Python 3.11 or later and about 1 GB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  torch==2.13.0 transformers==5.24.0 tokenizers==0.23.3 gguf==0.19.0 numpy==2.4.1
cat > ask.py <<'PY'
import gguf
from tokenizers import pre_tokenizers
from transformers import AutoTokenizer

BLANK = "\u0120"  # a blank, as byte-level BPE writes it
MERGES = [f"{BLANK} {BLANK}", f"{BLANK * 2} {BLANK * 2}"]
VOCABULARY = [*sorted(pre_tokenizers.ByteLevel.alphabet()), BLANK * 2, BLANK * 4, "<|end|>"]


def write(path, pre):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_feed_forward_length(8)
    writer.add_head_count(1)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(VOCABULARY)
    writer.add_token_types([1] * (len(VOCABULARY) - 1) + [3])
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(len(VOCABULARY) - 1)
    writer.add_eos_token_id(len(VOCABULARY) - 1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


for pre in ("qwen2", "smollm", "starcoder", "deepseek-coder"):
    write(f"{pre}.gguf", pre)
    loaded = AutoTokenizer.from_pretrained(".", gguf_file=f"{pre}.gguf").backend_tokenizer
    rule = type(loaded.pre_tokenizer).__name__
    print(f"{pre}: {rule}:", *loaded.encode("a    1", add_special_tokens=False).tokens)
digits = pre_tokenizers.Digits(individual_digits=True)
bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
loaded.pre_tokenizer = pre_tokenizers.Sequence([digits, bytes_])
print("by the rule of smollm:", *loaded.encode("a    1", add_special_tokens=False).tokens)
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
qwen2: Sequence: a ĠĠ Ġ Ġ 1
smollm: ByteLevel: a ĠĠ Ġ Ġ 1
starcoder: ByteLevel: a ĠĠ Ġ Ġ 1
deepseek-coder: ByteLevel: a ĠĠ Ġ Ġ 1
by the rule of smollm: a ĠĠĠĠ 1
EXPECTED
echo "as described"
