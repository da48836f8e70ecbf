"""Grading a folder of notebooks: submission -> sandbox -> grade -> gradebook -> report.

Only data crosses the line. A learner's code runs in a child that gets inputs and gives back outputs, as JSON. Expected
values, comparisons and diagnosis stay in the parent, which never runs a learner's code.
"""
