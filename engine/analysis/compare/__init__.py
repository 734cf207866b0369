"""Some of the runs against each other: who is better and how sure that is, what differs, what a swept value does.

One file a question; ``comparison.py`` asks them all of the runs it is handed.
"""
