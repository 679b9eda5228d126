"""Items in PostgreSQL, behind an API that Prometheus can scrape."""
