"""`make bench`: what our guarantees cost, as ratios to doing the same without them."""
