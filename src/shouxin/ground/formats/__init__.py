"""Each document that leaves the house: its bytes, its version, what a reader must refuse."""
