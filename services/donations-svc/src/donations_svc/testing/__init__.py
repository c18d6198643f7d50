"""What tests need of donations-svc."""
