"""`runapistar`: the server process, gunicorn or granian."""
