"""Everything computed again and compared with what was kept, signed and published."""
