"""Facts about names: what one that is not found may have meant."""
