"""What `django_apistar` uses of WhiteNoise 6, which ships no types."""

from whitenoise.base import WhiteNoise as WhiteNoise
