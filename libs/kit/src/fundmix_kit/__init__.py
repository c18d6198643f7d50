"""How events and requests are moved: database, outbox, relay, consumer, HTTP edges."""
