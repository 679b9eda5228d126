"""Takes files of readings, ingests them once a day, and tells their statistics."""
