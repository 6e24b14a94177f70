"""The steps of the fault run, one module each with a function `run(trial)`; tools.faults has their order."""
