"""The doors: translate in, one call down, translate out."""
