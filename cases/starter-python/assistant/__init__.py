"""What an assistant for code does with texts, paths and tokens."""
