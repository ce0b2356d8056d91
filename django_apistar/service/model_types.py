"""Types that are made of a model, in the way of a ModelForm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from apistar import types, validators

from django_apistar.service import saving
from django_apistar.service.model_metaclass import ModelTypeMetaclass, Properties
from django_apistar.service.model_options import Options

if TYPE_CHECKING:
    from django.db import models

Instance = TypeVar('Instance', bound='models.Model')


class ModelType(types.Type, metaclass=ModelTypeMetaclass):
    """A Type of the model and the fields that its `Meta` names.

    The class itself is what goes out: `Product(row)`. A handler's parameter `product: Product` is
    a `Product.incoming`, and `product: Product.partial` has what a PATCH sends.
    """

    options: ClassVar[Options]
    declared: ClassVar[Properties]
    documented: ClassVar[validators.Object]
    incoming: ClassVar[Any]
    partial: ClassVar[Any]
    is_partial: ClassVar[bool] = False

    def create(self, /, **others: object) -> Any:
        """Return a new row of the model, saved with its relations. *others*: more fields of it."""
        return saving.save(self.options.model(), self, others)

    def save_to(self, instance: Instance, /, **others: object) -> Instance:
        """Write what came in to *instance*, save it with its relations, and return it."""
        return saving.save(instance, self, others)
