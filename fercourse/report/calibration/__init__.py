"""How sure answers are: bins, what chance does to them, the temperature, and which faces to leave unanswered."""
