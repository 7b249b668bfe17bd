"""What the user's checkout says: its code, what it requires, how it installs, what git knows."""
