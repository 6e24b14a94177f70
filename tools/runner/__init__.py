"""Sets up and runs the project on one machine, with the standard library only.

`console` talks to the person, `state` owns the folder that LEVY_VAR names, `packages` owns the virtual environment and
checks the machine's libraries, `processes` starts and ends programs, `postgres` and `valkey` are the embedded servers,
`services` combines them, and `commands` are the verbs of run.py.
"""
