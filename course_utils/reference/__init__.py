"""What the lessons teach, as plain functions that a learner can read. NumPy only; nothing else of the course."""
