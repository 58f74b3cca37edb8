"""Screens about people, one module for each noun."""
