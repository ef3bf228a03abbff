"""What comes with the app of its examples, so that the first visitor need not wait until it is made."""
