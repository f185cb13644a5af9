"""What a quick training needs beyond the loop: a fast network, Muon, sides that grow, and two recipes."""
