"""Further forms in which people bring sets: each file reads one."""
