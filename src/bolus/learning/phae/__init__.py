"""Training of ``phae``: simulated scans, the network on them, and adaptation to a cohort."""
