import logging
from enum import Enum

class LogLevels(str, Enum):
    warning = 'warning'
    info = 'info'

logger: logging.Logger
