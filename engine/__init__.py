"""Knowledge distillation without a window: configurations, losses, tasks, training, the store. Imports no Qt."""

__version__ = "0.1.0"
