"""The demo: two made-up companies, from their own files to a proof. Start from `telling.demo`."""
