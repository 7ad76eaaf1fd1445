"""What kinds of keys there are, as people call them."""

KEY_TYPES = {"product_id": "Products", "brand": "Brands", "category_code": "Categories"}
