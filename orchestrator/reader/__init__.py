"""The second reader: a language model reads what the rules could not decide."""
