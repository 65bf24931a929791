"""Settings, addresses, the server's door. Imported by nobody; named by string."""
