"""The tests of Warren."""
