"""The steps of the fault run, one module each with a function `run(trial)`; the package says their order."""
