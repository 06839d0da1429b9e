"""Material for fine-tuning: nothing here is like a function of `assistant`."""
