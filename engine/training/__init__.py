"""Training a student (and, where asked, its teacher). Knows neither the store nor that inputs are text: it is handed ``emit``."""
