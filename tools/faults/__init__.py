"""The fault run, `python3 run.py faults`: break the real system in every foreseen way; it must keep its promises.

It has separate servers (PostgreSQL, two Valkeys), real Celery workers, a real scheduler and a real web server; it
kills only those. The steps, in their order (docs/promises.md has the promises):

    clean       a province is filled and assessed undisturbed: its fingerprints are the oracle for everything after
    storm       workers, database sessions, the database and the broker die while every message is sent twice
    broker      the broker falls silent without closing, forgets everything and is full while people file
    disk        the database's disk and the exports' disk fill up
    deploy      workers and web servers are replaced while they work; the schema grows under them
    people      fifty officers start one run, two clerks save one return, two schedulers tick with jumping clocks
    poison      a slice that never ends, one that eats the memory, workers that stop
    payments    one treasury file is read again and again while its readers are killed
    uploads     files that are damaged or hostile
    requests    odd requests of strangers
    canaries    people whose numbers may appear nowhere
    recovery    backup, a mistake, and a restore to the moment before it
    mutants     the same checks against a system that lacks one guard each: every one must turn red

`nemesis` chooses the faults from one seed and logs each with its offset, so that the seed repeats a failing run.
`checker` judges by the database and files only, never by a program's log. `ground` owns the programs that are killed,
`proxy` sits between a program and its server, `visitor` is a person with a browser, `report` writes the result. No
step asserts how long something took, except the processor time of a request in `requests`.
"""
