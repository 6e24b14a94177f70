"""The fault run, `python3 run.py faults`: the real system is broken in every foreseen way, and must keep its promises.

It has servers of its own (PostgreSQL, two Valkeys), real Celery workers, a real scheduler and a real web server; what
it kills is never anybody else's. The steps, in their order (docs/promises.md has the promises):

    clean       a province is filled and assessed undisturbed: its fingerprints are the oracle of everything after
    storm       workers, database sessions, the database and the broker die while every message is sent twice
    broker      the broker falls silent without closing, forgets everything and is full while people file
    disk        the database's disk and the exports' disk fill up
    deploy      workers and web servers are replaced while they work; the schema grows under them
    people      fifty officers start one run, two clerks save one return, two schedulers tick with jumping clocks
    poison      a slice that never ends, one that eats the memory, workers that stand still
    payments    one treasury file read again and again while its readers are killed
    uploads     files that nobody should send
    canaries    people who must not be found anywhere
    recovery    backup, a mistake, and the moment before it
    mutants     the same checks against a system that lacks one guard each: every one must turn red

`nemesis` chooses the faults from one seed and logs each with its offset, so that a failing run is repeated by its
seed. `checker` judges by the database and files alone, never by a program's log. `ground` owns what is killed,
`proxy` stands between a program and its server, `visitor` is a person with a browser, `report` says what came of it.
Nothing here asserts how long something took.
"""
