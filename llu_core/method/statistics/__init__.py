"""LLU + class statistics, which is not the paper's method: what the shots of all classes say, in closed form."""
