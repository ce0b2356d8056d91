"""The documentation page: its links, described as the document describes their operations."""
