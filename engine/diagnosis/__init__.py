"""The doctor: what loaded models, real rows and a few steps say of a configuration before it is trained. Keeps nothing."""
