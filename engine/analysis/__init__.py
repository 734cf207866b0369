"""What the stored runs amount to: tables and model cards. Imports no torch; reads records, never the database."""
