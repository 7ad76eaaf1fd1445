"""What the platform is measured against: the same numbers by the shortest way that each tool offers."""
