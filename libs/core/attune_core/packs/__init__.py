"""The files of a pack become values, or a list of everything that is wrong with them."""
