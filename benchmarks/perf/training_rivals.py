"""The contenders of training.py, each run as a process: `training_rivals.py trl|peft SETTINGS`.

SETTINGS is a JSON file. Prints one line of JSON. Imports nothing of this project, for the
interpreter that has TRL may not have it.

- trl: trains an adapter with TRL's `SFTTrainer` on examples that are tokens already, so that the
  two trainings see the very same ones; prints seconds, CPU seconds, peak memory and versions
- peft: prints the mean loss of answer tokens with adapters as plain PEFT gives it, one example
  after another, for every contender's adapter alike
"""

import importlib
import json
import math
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

Found = dict[str, Any]


def train_trl(settings: Found) -> Found:
    """Train with SFTTrainer: padded batches, as many steps as the other contender."""
    import torch
    import transformers
    from datasets import Dataset
    from peft import LoraConfig

    trl: Any = importlib.import_module("trl")
    train, steps = settings["train"], settings["steps"]
    arguments = trl.SFTConfig(
        output_dir=settings["output"],
        model_init_kwargs={"dtype": settings["dtype"]},
        bf16=False,  # the model is in bf16 already, as in the other contender; no autocast on top
        gradient_checkpointing=train["gradient_checkpointing"],
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        per_device_train_batch_size=settings["batch"],
        gradient_accumulation_steps=train["accumulate"],
        max_steps=steps,
        learning_rate=train["learning_rate"],
        lr_scheduler_type="cosine",
        warmup_steps=math.ceil(train["warmup_share"] * steps),
        weight_decay=train["weight_decay"],
        max_grad_norm=train["max_grad_norm"],
        max_length=train["max_tokens"],
        seed=train["seed"],
        save_strategy="no",
        report_to="none",
        logging_steps=1,
    )
    lora = LoraConfig(
        r=train["rank"],
        lora_alpha=train["alpha"],
        lora_dropout=train["dropout"],
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    trainer = trl.SFTTrainer(
        model=settings["base"],
        args=arguments,
        train_dataset=Dataset.from_list(settings["examples"]),
        processing_class=transformers.AutoTokenizer.from_pretrained(settings["base"]),
        peft_config=lora,
    )
    processor, start = time.process_time(), time.perf_counter()
    result = trainer.train()
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    trainer.save_model(settings["output"])
    last = [entry for entry in trainer.state.log_history if "loss" in entry][-1]
    return {
        "seconds": seconds,
        "cpu_seconds": processor,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "steps": result.global_step,
        "tokens": last["num_tokens"],
        "train_loss": last["loss"],
        "version": trl.__version__,
    }


def losses_in_peft(settings: Found) -> Found:
    """Return the mean loss of each adapter over the answer tokens of examples."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    losses = {}
    for name, adapter in settings["adapters"].items():
        model: Any = AutoModelForCausalLM.from_pretrained(
            settings["base"], dtype=getattr(torch, settings["dtype"])
        )
        if adapter:
            model = PeftModel.from_pretrained(model, adapter)
        model.eval()
        total, count = 0.0, 0
        for example in settings["examples"]:
            ids, labels = (torch.tensor([example[key]]) for key in ("input_ids", "labels"))
            with torch.no_grad():
                logits = model(input_ids=ids).logits[0, :-1].float()
            wanted = labels[0, 1:]
            total += float(torch.nn.functional.cross_entropy(logits, wanted, reduction="sum"))
            count += int((wanted != -100).sum())
        losses[name] = total / count
    return losses


def main() -> None:
    """Run the contender named on the command line."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    settings = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    answer = sys.stdout
    sys.stdout = sys.stderr  # what the libraries print is no answer
    print(
        json.dumps({"trl": train_trl, "peft": losses_in_peft}[sys.argv[1]](settings)), file=answer
    )


if __name__ == "__main__":
    main()
