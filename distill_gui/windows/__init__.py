"""The main window and its dialogs. Know panels and widgets; services reach them only through ``app.py``."""
