"""How files come in: the inbox, the ledger of what landed, and the reader that splits files by date."""
