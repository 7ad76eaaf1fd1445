"""What people ask of the warehouse: one SQL file a question, values bound, answers kept as long as they are true."""
