class LengthReader:
    length: int

class Body:
    reader: object
