"""Backups, key escrow, restore and restore drills."""
