"""What sealed documents have asked of units: who does what by when, and what became of it.

task      a task, its states and the one transition table
issuing   the tasks that a document gives, and which of an earlier document's they take the place of
pressing  when somebody is reminded, when a leader is told
reviewing the list that opens an authority's next meeting; the scoreboard
tables, store (edge)
"""
