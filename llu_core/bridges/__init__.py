"""The trained method in the forms of other libraries: a module of PyTorch, a file of ONNX, scikit-learn's estimator."""
