"""What an update does outside its few shots: accuracy elsewhere, names it moves, pictures it does not know."""
