"""What the machine lends: cores, memory, threads."""
