"""Inputs that nobody thought of: the corpus of hostile inputs, cut up and put together anew."""
