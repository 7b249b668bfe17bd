"""Alerts that come by HTTP, each turned into a review of the run that it speaks of."""
