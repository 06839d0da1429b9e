#!/usr/bin/env bash
# peft 0.21.2: `add_weighted_adapter` makes LoRA adapters with `use_rslora` several times too strong: half of one is all of it.
#
# It makes a new adapter of several by weights; one would expect "a" with the weight 0.5 to change the model half as much
# as "a" does, and with "cat" or "svd", which are exact, two adapters to add up. The scale of the parts is put into the
# new matrices, and `lora_alpha` set to the new rank so that the new adapter's own scale is 1. With `use_rslora`, which it
# takes over, the scale is alpha by the square root of the rank: 2 for rank 4, 4 for 16, 5.7 for two of rank 16 by "cat".
# So merged adapters are too strong by that factor, which looks like adapters that do not go together, or a bad
# weight. There is neither error nor warning. Weights divided by that root give what is meant; without `use_rslora` all
# is well.
#
# Needs Python 3.11 or later and about 1.5 GB for a while; no model is downloaded.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  peft==0.21.2 transformers==5.24.0 torch==2.13.0 numpy==2.4.6
cat > ask.py <<'PY'
import torch
from peft import LoraConfig, get_peft_model

for rslora in (False, True):
    for rank in (4, 16):
        torch.manual_seed(0)
        net = torch.nn.Sequential()
        net.add_module("layer", torch.nn.Linear(64, 64, bias=False))

        def config():
            return LoraConfig(
                r=rank, lora_alpha=8, target_modules=["layer"], use_rslora=rslora, init_lora_weights=False
            )

        model = get_peft_model(net, config(), adapter_name="first")
        model.add_adapter("second", config())
        layer = model.base_model.model.layer

        def change(name):
            return layer.get_delta_weight(name).detach()

        model.add_weighted_adapter(["first"], [0.5], "less", combination_type="linear")
        print(f"rslora {rslora}, rank {rank}: half of one {change('less').norm() / change('first').norm():.2f}", end="")
        both = change("first") + change("second")
        for kind in ("cat", "svd"):
            rank_of_sum = {"svd_rank": 2 * rank} if kind == "svd" else {}
            model.add_weighted_adapter(["first", "second"], [1.0, 1.0], kind, combination_type=kind, **rank_of_sum)
            print(f"; sum of two by {kind} {change(kind).norm() / both.norm():.2f}", end="")
        root = (2 * rank) ** 0.5
        weights = [1 / root, 1 / root]
        model.add_weighted_adapter(["first", "second"], weights, "divided", combination_type="cat")
        apart = ((change("divided") - both).norm() / both.norm()).item()
        print(f"; weights by the root {'right' if apart < 1e-4 else 'wrong'}")
PY
HF_HUB_OFFLINE=1 env/bin/python -W ignore ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
rslora False, rank 4: half of one 0.50; sum of two by cat 1.00; sum of two by svd 1.00; weights by the root wrong
rslora False, rank 16: half of one 0.50; sum of two by cat 1.00; sum of two by svd 1.00; weights by the root wrong
rslora True, rank 4: half of one 1.00; sum of two by cat 2.83; sum of two by svd 2.83; weights by the root right
rslora True, rank 16: half of one 2.00; sum of two by cat 5.66; sum of two by svd 5.66; weights by the root right
EXPECTED
echo "as described"
