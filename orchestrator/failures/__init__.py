"""What one failure is: the exception that decides, its fingerprint, and whether it only follows."""
