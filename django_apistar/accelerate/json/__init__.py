"""JSON, written in one step."""
