"""The fast path: the answers of API Star from code compiled once per route and Type."""
