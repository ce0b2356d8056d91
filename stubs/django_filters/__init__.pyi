"""What `django_apistar` uses of django-filter 24 and newer, which ships no types."""
