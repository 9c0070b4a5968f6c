"""What people add to the metadata of a document, a case file or the fonds, beside what the System knows by itself.

Circular 05/2025/TT-BNV; Decree 30/2020, Appendix VI, part II, whose names are used.

field   which fields there are
store   (edge) what was written into them, and by whom
"""
