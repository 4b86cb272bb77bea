"""What towns are made of, and the documents of our own, with the programs that write them, which the server does not import."""
