"""Real engines for the tests: PostgreSQL, browser, mail server, slow clients."""
