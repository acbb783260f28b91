"""The sample register: real published products, and what was added to make them whole."""
