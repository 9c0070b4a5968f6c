"""State secrets that got in by accident: set aside at once, reported, erased by decision of a named official.

Law 117/2025/QH15 on the protection of state secrets. Nothing here holds or shows what was taken aside.

incident  what is known of one, and what may become of it
report    the report that is signed and sent
store     (edge) tables and queries
"""
