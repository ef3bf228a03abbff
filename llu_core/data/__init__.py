"""From what people have to embeddings with labels: folders, zips, bundles, CoOp's data folders and built-in sets."""
