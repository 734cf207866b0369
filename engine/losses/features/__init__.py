"""Feature losses, one file each: settings, plan, compute, FEATURE. They know neither models nor training nor the store."""
