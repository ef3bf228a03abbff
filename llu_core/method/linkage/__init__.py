"""Clusters of which no two members are far apart."""
