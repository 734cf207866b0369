"""The tasks, one file each: where rows come from, labels, metrics. Torch-free; they know no losses, training or store."""
