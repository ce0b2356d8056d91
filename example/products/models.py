from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Product(models.Model):
    class Size(models.TextChoices):
        SMALL = 'small'
        MEDIUM = 'medium'
        LARGE = 'large'

    name = models.CharField(max_length=100)
    in_stock = models.BooleanField()
    rating = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    size = models.CharField(max_length=6, choices=Size.choices, null=True, blank=True)

    class Meta:
        ordering = ('id',)

    def __str__(self) -> str:
        return self.name
