"""What a run is configured with: schemas, composition, validation."""
