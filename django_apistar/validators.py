"""Validators for the values that Django has and JSON lacks, beside API Star's own."""

from django_apistar.service.decimals import Decimal
from django_apistar.service.files import File
from django_apistar.service.json_values import JSON
from django_apistar.service.texts import UUID, Duration

__all__ = ['JSON', 'UUID', 'Decimal', 'Duration', 'File']
