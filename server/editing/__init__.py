"""A draft that several people write at once: small operations, merged by one writer in the middle, kept before told.

shapes     which parts a kind of document has, and what may stand in them
sheet      the draft as lists of blocks with texts, and what an operation makes of it (no I/O)
layout     a document's content as a sheet and back; what must be done to a sheet so that it says something else
differences  what became of a text between two versions
messages   operations out of JSON, bounded
tables     (edge) the sheets at rest
preview    pictures of the pages as they will be printed
seats      an open draft: its text, who sits at it, what they are told
live       the drafts that are open: who comes, what is done, when a version is cut
"""
