"""Cases as tasks of other harnesses, whose logs `imports` reads back."""
