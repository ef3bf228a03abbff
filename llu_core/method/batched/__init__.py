"""Trainings of one kind as one: the steps, the points that they work on, and the graph that a GPU replays."""
