"""Facts about the machine: files, programs, hosts, variables, and the Python of the run."""
