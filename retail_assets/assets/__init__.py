"""Software-defined assets: what the platform makes, one file a domain, and the steps that make every one of them."""
