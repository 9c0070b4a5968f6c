"""The archive's log: what was deposited, in which order, and the proofs that nothing of it was changed or taken away.

Given: rows and files. Owned: the form of an entry, of a checkpoint, of an anchor, and the judgement of all of them.
A module imports only those before it:

entry       one deposit and its leaf
note        signed notes (C2SP signed-note)
checkpoint  the head of the log at one moment (C2SP tlog-checkpoint), and the proof that a deposit is under it
handover    one key of the archive in place of another, and the keys in their order
anchor      an RFC 3161 time-stamp over a checkpoint
erasure     the record that contents were erased, and why
examine     what is wrong with a log, in words
store       (edge) tables and queries
"""
