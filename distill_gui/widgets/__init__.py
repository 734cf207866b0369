"""Building blocks of the panels, one idea a file. Know the theme only: neither engine nor models."""
