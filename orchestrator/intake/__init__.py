"""What a run left behind, in whatever form, to one `Recording`."""
