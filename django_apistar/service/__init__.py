"""What stands beside API Star's own for services over Django's models. Loaded when asked for."""
