"""What works beside the window: the engine's thread, meters, preferences. Knows no QtWidgets."""
