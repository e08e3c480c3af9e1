"""Templates of official documents, and the script that writes the shipped ones."""
