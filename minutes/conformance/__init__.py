"""What an electronic document management system must be able to do (Decree 30/2020, Appendix VI), and what was found.

checklist   the requirements as data (requirements.toml), and the verdict on each
report      the verdicts as a report (báo cáo) that can be signed
"""
