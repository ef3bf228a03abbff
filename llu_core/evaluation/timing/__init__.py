"""The timing protocol (Figure 3): time and memory of one forward and backward pass, against all classes."""
