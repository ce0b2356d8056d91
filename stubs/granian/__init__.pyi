"""What `django_apistar.server` uses of granian 2.8: it leaves the private names untyped that our
master stands on, which `server/private_names.py` lists."""

__version__: str
