"""The code that the documentation shows. management_tests runs it."""
