"""Facts about modules: why one cannot be had, and which distribution would bring it."""
