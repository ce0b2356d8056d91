from django.http import JsonResponse
from django.views.decorators.http import require_GET

from bookshop import models


@require_GET
def list_books(request):
    """List the books, the newest first."""
    try:
        limit = int(request.GET.get('limit', '20'))
    except ValueError:
        return JsonResponse({'limit': 'Must be a number.'}, status=400)
    books = models.Book.objects.order_by('-id')[:limit]
    return JsonResponse(list(books.values('id', 'title')), safe=False)
