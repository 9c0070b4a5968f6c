"""`giaoban conformance`: tries what Decree 30/2020, Appendix VI, asks of a system, line by line.

office      a whole installation of this program in a temporary folder, to try things in
counting, documents, filing, guarding, keeping, registering, showing
            the checks, each a function from what is examined to an Outcome
trying      all of them, one after the other
command     the command line: progress, JSON, the report as a file or as a draft on the desk
"""
