"""One data set a file, and what the files share: decoding, drawing."""
