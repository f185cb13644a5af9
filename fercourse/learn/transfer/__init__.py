"""Networks that learnt on other pictures first: their weights, what of them stays frozen, and a rate for each depth."""
