"""The statutes' texts, one file each, verbatim; registered with their digests in `statutes.toml` beside this folder."""
