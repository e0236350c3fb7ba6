"""The demonstration: a signed webhook deploys a real application, a broken release is rolled back."""
