"""Numbers that are given once: of documents, of what comes, of case files, of deposits; none is dated before the last.

clock  whether this machine's clock can be believed
store  (edge) tables and queries
"""
