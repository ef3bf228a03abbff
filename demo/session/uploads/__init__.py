"""What arrives for the set: pictures of a recording, and where files go that wait for an answer."""
