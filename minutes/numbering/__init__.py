"""Numbers that are given once: of documents, of what comes, of case files, of deposits."""
