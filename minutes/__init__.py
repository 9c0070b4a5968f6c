"""Records of a meeting: from the proceedings to the signed, numbered, published and archived document.

A module imports only modules that stand above it in this list:

errors        what can be wrong, and whose fault it is
secrecy       marks of state secrecy
reading       bounded values out of JSON
workflow.capacity, workflow.plan   in whose place somebody signs; which steps a kind takes
document      kinds, states, acts, who signs in which order
transitions   the state table
blocks        the body of a text: headings, numbered paragraphs, tables, conclusions
text          what a document says that is neither minutes nor an invitation
content       what any document says, to and from JSON
register      numbers
authority     the issuing authority's letterhead
templates     what the page of each type has
wording       dates, counts and sentences in an office's Vietnamese
printed       a text as the lines that are printed
layout        dated tables: sizes, styles and places on the page
typefaces     which typeface has all letters
fit           what was typed in a meeting, made fit for a record
starting      how a new document of each type begins
draft         proceedings to the first draft of the minutes
notice        minutes to the notice of their conclusions
typeset       content to PDF/A
word          content to a Word file
appearance    pictures for visible signatures
handwriting   a picture that somebody sends, made fit for one
trust         pinned roots, authorities and what they say of certificates
revocation    revocation lists and OCSP answers: whose they are, and what they mean
redaction     what is left out of a published text, and (edge) the renditions
stamper       time-stampers that threads may share
envelope      how signatures lie in the bytes of a file
evidence      time-stamps over the document, with what proves them
interrupted   a signature in two steps, and (edge) where it waits between them
signing       (edge) PAdES signatures, time-stamps
returned      a whole file that comes back signed: the one that was issued, and one signature
signable      what an agent checks before a token's key may move
attached      the source that one of our files carries
report        what is said of a signed file, and in which words
proofs        as of which times signatures are judged, and by what
validation    the judgement of a signed file
judged        a judgement as JSON and back
verification  is this file one of ours?
searching.tokens, searching.query, searching.shown   words, what is asked, and where the hits stand in a text
publication   what the public may see
workflow      whose turn it is, remarks, delegations, what a document does to another
tasks         what sealed documents have asked of units, and what became of it
archive       (edge) files by digest, durable before visible
store         (edge) tables and queries
casefiles     what belongs to one matter, how long it is kept, and how it is handed over
registers     lines of outgoing and incoming documents, how numbers are counted, the printed book
deposits      the archive's log: entries, signed checkpoints, time-stamps, and what is wrong with them
searching     documents and meetings for searching, and (edge) their index
conformance   what the law asks of such a system, and the report of what was found
"""
