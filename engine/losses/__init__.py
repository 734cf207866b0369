"""Response losses, one file each: settings, compute, LOSS. They know neither tasks nor training nor the store."""
