"""Templates: generators of cases from a seed, with the correct answer by construction."""
