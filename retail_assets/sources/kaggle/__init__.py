"""Data sets of Kaggle: from a folder that somebody has put them into, or else downloaded."""
