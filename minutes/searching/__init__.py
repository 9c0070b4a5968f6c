"""Finding documents and meetings by their words, alike on SQLite and PostgreSQL, because the words are made here.

tokens    the words of a text, as written and without marks
query     what somebody typed
entry     what is known of a document or of a meeting for searching
shown     the place of the hits in a text as it was written
store     (edge) the index
"""
