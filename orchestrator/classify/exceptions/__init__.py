"""Facts about what was raised: by whom, of what it tells, whether it is a complaint."""
