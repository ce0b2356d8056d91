from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=100)
    description = models.TextField()
    price = models.FloatField()
    quantity = models.IntegerField()
    in_stock = models.BooleanField()

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.name
