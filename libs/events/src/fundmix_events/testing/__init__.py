"""What tests of every member say on the topics."""
