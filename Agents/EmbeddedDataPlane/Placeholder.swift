// EmbeddedDataPlane
