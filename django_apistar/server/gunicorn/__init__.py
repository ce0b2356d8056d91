"""gunicorn, embedded: its settings, arbiter and worker."""
