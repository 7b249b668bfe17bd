"""What is installed, which distribution brings a name, and which release has what."""
