"""Which days an office works: weekends, the country's holidays as dated data, and what an authority adds.

calendar   the working days, counted
store      (edge) the authority's own days
"""
