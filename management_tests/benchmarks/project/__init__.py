"""A Django project that does the same work in API Star, Django, django-ninja and DRF."""
