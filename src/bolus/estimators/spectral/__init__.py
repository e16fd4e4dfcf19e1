"""Deconvolution by spectral filters: truncated and regularised singular value decomposition."""
