"""The registers of outgoing and incoming documents (Decree 30/2020, art. 15, 16, 22 and Appendix IV).

rule    in which series numbers are counted, by a decision of the authority's head
entry   what a line of either register says
book    a year's register as it is printed, signed and bound
report  how far the documents of a year have come, as it is printed
store   (edge) tables and queries
"""
