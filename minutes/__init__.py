"""Records of a meeting: from the proceedings to the signed, numbered, published and archived document.

A module imports only modules that stand above it in this list:

errors        what can be wrong, and whose fault it is
secrecy       marks of state secrecy
reading       bounded values out of JSON
document      kinds, states, the state table, who signs in which order
content       what a document says, to and from JSON
authority     the issuing authority's letterhead
wording       dates, counts and sentences in an office's Vietnamese
typefaces     which typeface has all letters
fit           what was typed in a meeting, made fit for a record
draft         proceedings to first draft
typeset       content to PDF/A
appearance    pictures for visible signatures
signing       (edge) PAdES signatures, time-stamps
validation    the judgement of a signed file
verification  is this file one of ours?
register      numbers
publication   what the public may see
archive       (edge) files by digest, durable before visible, and the log of deposits
store         (edge) tables and queries
"""
