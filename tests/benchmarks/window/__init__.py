"""The window under load: how soon it can be used, what it weighs, how fast it draws, takes rows in, sorts and filters."""
