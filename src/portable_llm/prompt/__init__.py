"""Prompts that move between models."""
