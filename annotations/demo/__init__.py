"""Demo data of our own making: an invented US telecom and the calls it gets. No Django.

Everything follows from a seed, so that two machines make the same bytes.
"""
