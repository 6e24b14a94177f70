"""Sets up and runs the project on one machine, with nothing but the standard library.

`console` speaks to the person, `state` owns the folder that LEVY_VAR names, `packages` the virtual environment and
what the machine must have, `processes` starts and ends programs, `postgres` and `valkey` are the embedded servers,
`services` holds them together, and `commands` are the verbs of run.py.
"""
