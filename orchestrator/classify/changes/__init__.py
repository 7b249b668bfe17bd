"""Facts about what changed since the tests of a cause passed last."""
