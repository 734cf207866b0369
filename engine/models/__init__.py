"""Teachers and students: what a model folder holds, how a student is built, how weights are loaded. No losses, no training."""
