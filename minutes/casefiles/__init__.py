"""Case files (hồ sơ): what belongs to one matter, gathered by reference, closed, and handed over to the archive.

Decree 30/2020, art. 28 to 30; Circular 05/2025/TT-BNV.

retention   how long a case file is kept, as data
case        a case file, what lies in it, when it may be closed
lists       the lists of case files, and of what lies in one, as they are printed
disposal    when its contents may be destroyed, and the record of that
bag         how it is handed over: names, manifests and metadata (BagIt, RFC 8493)
store       (edge) tables and queries
"""
