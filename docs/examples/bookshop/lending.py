from apistar import Route, http, types, validators

from bookshop import models
from django_apistar.exceptions import Conflict, ProblemDetails
from django_apistar.responses import responds


class Loan(types.Type):
    book = validators.Integer()
    days = validators.Integer(minimum=1, maximum=28)


@responds({201: Loan, 409: ProblemDetails})
def lend(loan: Loan) -> http.Response:
    if not models.Book.objects.filter(id=loan.book).exists():
        raise Conflict(ProblemDetails(title='No such book', status=409))
    return http.JSONResponse(loan, status_code=201)


routes = [Route('/loans/', 'POST', lend)]
