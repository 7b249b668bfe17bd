"""Facts about the code that failed: what it calls, what it reaches, what it does without."""
