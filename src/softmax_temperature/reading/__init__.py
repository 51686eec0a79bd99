"""What people hand over, answers of APIs and files, becomes tokens and logits."""
