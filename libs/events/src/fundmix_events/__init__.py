"""What is said on the topics: event classes, money, credit code, envelope."""
