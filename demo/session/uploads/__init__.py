"""What arrives for the set: feature bundles, controls, pictures of a recording, and files that wait for an answer."""
