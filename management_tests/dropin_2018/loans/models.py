from django.contrib.auth.models import User
from django.db import models


class Book(models.Model):
    SHELVES = (('fiction', 'Fiction'), ('science', 'Science'))

    title = models.CharField(max_length=200)
    author = models.CharField(max_length=100)
    shelf = models.CharField(max_length=10, choices=SHELVES, null=True, blank=True)
    copies = models.IntegerField(default=1)
    bought_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ('id',)

    def __str__(self):
        return self.title


class Loan(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name='loans')
    borrower = models.ForeignKey(User, on_delete=models.CASCADE, related_name='loans')
    lent_on = models.DateField(auto_now_add=True)

    def __str__(self):
        return '{} to {}'.format(self.book, self.borrower)
