"""The embedded model for photographs: an image tower and word vectors of two packages, joined in closed form.

It is DeViSE (Frome et al., 2013) without training. A classifier's row says where pictures of its class lie, the class
has names, and a kernel regression carries from the words of 1,000 classes to any words. `join` makes the coefficients,
which lie in assets/photo; `model` reads them and is an encoder's model like any other.
"""
