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


class Brand(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.name


class Device(models.Model):
    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    brand = models.ForeignKey(Brand, models.CASCADE)

    class Meta:
        app_label = 'project'
        ordering = ['id']

    def __str__(self) -> str:
        return self.name
