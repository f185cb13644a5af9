"""What the checks of several lessons share: comparing answers, networks by hand, and chance."""
