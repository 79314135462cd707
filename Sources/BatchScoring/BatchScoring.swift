// BatchScoring
