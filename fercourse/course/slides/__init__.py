"""Decks for a lecture: from an executed lesson to slides with speaker notes."""
