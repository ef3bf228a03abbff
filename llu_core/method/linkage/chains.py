"""Merges of complete linkage one after another along chains of nearest neighbours: the way of a processor.

Müllner, "Modern hierarchical, agglomerative clustering algorithms", arXiv 1109.2378, NN-CHAIN: follow nearest
neighbours until two clusters are each other's nearest, merge them, go on. The merges come out of order, but they are
those of the textbook's algorithm, and n chains cost n^2 operations on whole rows where it takes n^3.
"""

import numpy as np


def chained_merges(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n - 1 merges, destroying `distances`: (absorbed, into, height); clusters go by the number of one member."""
    merges = len(distances) - 1
    absorbed, into = np.empty((2, merges), dtype=np.int64)
    heights = np.empty(merges)
    gone = np.zeros(len(distances), dtype=distances.dtype)  # infinite where a cluster has been absorbed
    reachable = np.empty_like(gone)
    chain: list[int] = []
    for merge in range(merges):
        chain = chain or [int(gone.argmin())]
        while True:
            here = chain[-1]
            row = distances[here]
            nearest = int(np.add(row, gone, out=reachable).argmin())
            if len(chain) > 1 and row[chain[-2]] <= row[nearest]:
                break
            chain.append(nearest)
        here, before = chain.pop(), chain.pop()
        absorbed[merge], into[merge], heights[merge] = here, before, row[before]
        gone[here] = np.inf
        np.maximum(row, distances[before], out=distances[before])  # complete linkage
        distances[:, before] = distances[before]
    return absorbed, into, heights
