"""One lesson a file: widgets, then cnnlab, then figures. No maths and no file access."""
