"""What a shop's journal says of how it answers: pure folds of events into figures."""
