"""Types beside API Star's own: those that are made of a model."""

from django_apistar.service.model_types import ModelType

__all__ = ['ModelType']
