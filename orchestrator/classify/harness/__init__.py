"""Facts about pytest: its fixtures, plugins and settings, and what runs around tests."""
