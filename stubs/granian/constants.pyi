from enum import Enum

class Interfaces(str, Enum):
    WSGI = 'wsgi'

class SSLProtocols(str, Enum):
    tls12 = 'tls1.2'
