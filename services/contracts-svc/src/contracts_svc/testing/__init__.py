"""What tests of contracts-svc build on."""
