"""Measures the system's cost beside the least possible cost of the same work: `python3 run.py bench`.

Every module but these is one row or one family of rows of the result: `amounts`, `checking`, `loading`, `annual_run`,
`lists`, `notices`, `pages`, `reviewers`, and `plan` on request. `province` makes the data they share, `measure` takes
the times, `programs` starts workers and web servers, `report` words and writes the result.
"""
