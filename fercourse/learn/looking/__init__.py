"""Looking inside of a network: what its layers answer to a face, and which part of the face an answer depends on."""
