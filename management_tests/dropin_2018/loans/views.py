from typing import List

from apistar import exceptions, http

from django_apistar.authentication.components import DjangoTokenAuthentication

from loans import models, schemas
from loans.components import Page


def welcome(name: str = None) -> dict:
    if name is None:
        return {'message': 'Welcome to the library!'}
    return {'message': 'Welcome to the library, %s!' % name}


def get_book(book_id):
    try:
        return models.Book.objects.get(pk=book_id)
    except models.Book.DoesNotExist:
        raise exceptions.NotFound()


def list_books(page: Page, author: str = '') -> List[schemas.Book]:
    """
    Lists the books, five at a time.
    """
    books = models.Book.objects.filter(author__icontains=author)
    return [schemas.Book(book.__dict__) for book in books[page.start:page.end]]


def add_book(book: schemas.Book) -> schemas.Book:
    db_book = models.Book(**book)
    db_book.save()
    return http.JSONResponse(schemas.Book(db_book.__dict__), status_code=201)


def show_book(book_id: int) -> schemas.Book:
    return schemas.Book(get_book(book_id).__dict__)


def change_book(book_id: int, book: schemas.Book) -> schemas.Book:
    db_book = get_book(book_id)
    for field in ('title', 'author', 'shelf', 'copies', 'bought_on'):
        setattr(db_book, field, book[field])
    db_book.save()
    return schemas.Book(db_book.__dict__)


def remove_book(book_id: int):
    get_book(book_id).delete()
    return http.JSONResponse({}, status_code=204)


def lend_book(book_id: int, authorization: http.Header) -> schemas.Loan:
    user = DjangoTokenAuthentication().resolve(authorization)
    if user is None:
        raise exceptions.Forbidden()

    book = get_book(book_id)
    if book.loans.count() >= book.copies:
        return http.JSONResponse({'message': 'All copies are lent.'}, status_code=400)
    loan = book.loans.create(borrower=user)
    content = schemas.Loan(book=loan.book.title, borrower=loan.borrower.username)
    return http.JSONResponse(content, status_code=201)
