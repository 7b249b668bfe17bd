"""Facts about releases: what asks for which, what one broke, and where to go."""
