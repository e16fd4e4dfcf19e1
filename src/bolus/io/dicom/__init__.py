"""DICOM in, and in ``write`` DICOM out: the only room that knows pydicom and highdicom."""
