"""Pure Python: judgments, formats, kernel, samples. No Django, no network, no clock of its own."""
