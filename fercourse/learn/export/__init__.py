"""Letting a network out: an ONNX file that answers as the network does, without PyTorch, in 32 bits or in eight."""
