"""Facts of a result in words: the methods paragraph, motion, spikes, references, tables."""
