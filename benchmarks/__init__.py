"""Timing, baselines and the gate."""
