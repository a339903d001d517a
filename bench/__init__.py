"""Measurements, each beside a baseline of the same run: machines are shared and noisy, ratios are not."""
