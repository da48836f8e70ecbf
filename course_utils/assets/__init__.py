"""Real weights and real reviews: from installed packages by default, from the Hugging Face Hub by one setting."""
