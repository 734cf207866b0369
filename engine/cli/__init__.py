"""The command line ``distill``: one file a family of commands. Imports torch only where something is trained."""
