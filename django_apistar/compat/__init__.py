"""What makes API Star importable on this Python, and repairs it in place."""
