"""granian, with the same options."""
