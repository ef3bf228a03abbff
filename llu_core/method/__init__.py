"""The paper: localized updates, their training, the sweep over beta and gamma, and predictions."""
