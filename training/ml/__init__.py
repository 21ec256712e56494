"""The learning itself: arrays and texts in, arrays and reports out. No Django."""
