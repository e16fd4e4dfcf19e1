"""What a reader must know, once, wherever results are seen."""

NOTICE = "Research software, not a medical device."
