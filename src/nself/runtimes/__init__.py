"""Ways to run the same specs: plan (pure), then observe and perform per runtime."""
