"""API Star's validators and Types, compiled."""
