"""What `django_apistar.server` uses of gunicorn 27, which ships no types.

types-gunicorn knows neither this release nor the private names that our worker stands on, which
`server/private_names.py` lists. `Any` stands for what a subclass has in place of gunicorn's own.
"""

__version__: str
