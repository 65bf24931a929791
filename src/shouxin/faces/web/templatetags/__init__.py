"""Template tags of the pages: how things are said in the reader's language."""
