"""Configuration: schemas, composition, validation."""
