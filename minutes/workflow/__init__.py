"""How a document moves on at one authority: steps, turns, remarks, delegations, what it does to others.

capacity      in whose place somebody signs, and the lines that say so
plan          which steps a kind takes, and the working days of each
turns         who must do what, until when
consultation  who is asked for remarks, and what became of each
delegation    who was given the right to sign for the head, and until when
relation      which document amends, corrects, replaces or recalls which
changing      the first draft of a document that does
tables, store (edge)
"""
