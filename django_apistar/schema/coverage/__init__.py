"""Which documented operations and statuses a test run has seen."""
