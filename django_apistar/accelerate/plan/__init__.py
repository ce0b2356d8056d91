"""The compiled plan of a route."""
