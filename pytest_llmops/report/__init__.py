"""A run in numbers, and runs against each other: terminal, HTML, Markdown, tables."""
