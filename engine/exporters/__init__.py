"""Where a student or a table can be taken: one file a format. Importable without torch."""
