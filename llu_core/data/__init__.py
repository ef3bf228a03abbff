"""What people have becomes embeddings with labels: folders, zips, bundles, CoOp's data folders and built-in sets."""
