"""Documents as they go between systems (trục liên thông).

edxml     one document with its files as an edXML message (QCVN 102:2016/BTTTT), and reading either kind of message
status    what a receiver says of a document that it was sent, as an edXML message
element   elements of XML as both write and read them, bounded
arrival   what has come and waits to be entered in the register
tables    of all three
store     queries: what is to be sent, what was answered, what has come
"""
