from apistar import types, validators


class Book(types.Type):
    id = validators.Integer(allow_null=True)
    title = validators.String(max_length=200)
    author = validators.String(max_length=100)
    shelf = validators.String(enum=['fiction', 'science'], allow_null=True)
    copies = validators.Integer(minimum=0, default=1)
    bought_on = validators.Date(allow_null=True)


class Loan(types.Type):
    book = validators.String()
    borrower = validators.String()
