"""OpenDRIVE documents of towns, and the programs that write them. The server reads the documents and imports no program."""
