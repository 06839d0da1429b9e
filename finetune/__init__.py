"""LoRA adapters that save tokens: collect, dataset, train, register."""
