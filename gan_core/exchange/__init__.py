"""A run in files that other programs read, and runs made of such files: zip, CSV, TensorBoard, pictures, ONNX, state dicts.

What is written appears complete or not at all, and never in place of something else (`output.new`).
"""
