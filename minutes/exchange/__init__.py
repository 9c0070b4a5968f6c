"""Documents as they go between systems (trục liên thông).

edxml   one document with its file as an edXML message (QCVN 102:2016/BTTTT)
"""
