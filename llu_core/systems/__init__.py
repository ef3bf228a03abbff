"""The compared systems, one file each, with their published recipes; `registry` lists them."""
