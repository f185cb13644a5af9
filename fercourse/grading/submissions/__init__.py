"""The way in: whose each file is, what can be read of it, and which of its cells answers what."""
