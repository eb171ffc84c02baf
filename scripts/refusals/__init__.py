"""How the refusal classifier is made and measured: data, fitting, evaluation, the pages that show it."""
