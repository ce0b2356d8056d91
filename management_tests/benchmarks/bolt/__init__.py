"""The same work in django-bolt, which needs a virtualenv and a server of its own."""
