"""The protocol `sequence`: sets learned one after the other, all of them asked after each, without a set's label."""
